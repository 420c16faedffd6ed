import type { Generation } from './generation.ts';
import type { InboxChainState } from './inbox-state.ts';
import { ensure, equalBytes } from './sodium.ts';
import { type DeviceState, generationAt, type UserChainState } from './user-state.ts';

/**
 * What verification needs from outside. `moment`: 'past' accepts what was right when it was signed;
 * 'now' is for something that arrives just now: signers and keys must also be current by the newest chains known.
 */
export interface Verification {
  readonly user: (userId: Uint8Array) => UserChainState | undefined;
  readonly inbox: (inboxId: Uint8Array) => InboxChainState | undefined;
  /** The pinned public keys of the registry. */
  readonly registryPks: readonly Uint8Array[];
  readonly moment: 'past' | 'now';
}

export function requireUser(verification: Pick<Verification, 'user'>, userId: Uint8Array): UserChainState {
  const user = verification.user(userId);
  ensure(user !== undefined && equalBytes(user.userId, userId), 'unknown_chain', 'the chain of a user is missing');
  return user;
}

export function requireInbox(verification: Pick<Verification, 'inbox'>, inboxId: Uint8Array): InboxChainState {
  const inbox = verification.inbox(inboxId);
  ensure(inbox !== undefined && equalBytes(inbox.inboxId, inboxId), 'unknown_chain', 'the chain of an inbox is missing');
  return inbox;
}

/** The named head is on the chain, and the named generation was the current one there. */
export function requireHead(
  chain: { readonly tails: readonly Uint8Array[]; readonly generations: readonly Generation[] },
  seqno: number,
  tail: Uint8Array,
  generation: number,
): void {
  const known = chain.tails[seqno - 1];
  ensure(known !== undefined && equalBytes(known, tail), 'broken_chain', 'names a head that is not on the chain');
  const current = chain.generations.findLast((candidate) => candidate.seqno <= seqno);
  ensure(current?.generation === generation, 'invalid_link', 'names a generation that was not the current one');
}

/**
 * The device of a user that may have signed. `provenGeneration`: a PUK generation that demonstrably existed before the
 * signature. Each revocation begins a generation, so a device revoked with that generation or earlier cannot have signed in time.
 */
export function requireDevice(
  user: UserChainState,
  deviceId: Uint8Array,
  provenGeneration: number,
  moment: Verification['moment'],
): DeviceState {
  const device = user.devices.find((candidate) => equalBytes(candidate.deviceId, deviceId));
  const isActive =
    device !== undefined &&
    (device.revokedAt === null || (moment === 'past' && device.revokedAt > generationAt(user, provenGeneration).seqno));
  ensure(isActive, 'not_allowed', 'signed by no active device');
  // Whoever a reset gave the account to never held what was sealed before it.
  const isSucceeded = user.resets.some((reset) => reset.generation > provenGeneration && reset.seqno <= device.addedAt);
  ensure(!isSucceeded, 'not_allowed', 'signed by a device that came with a reset');
  return device;
}
