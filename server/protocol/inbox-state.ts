import type { Generation } from './generation.ts';
import type { InboxPolicy, InboxRole } from './inbox-bodies.ts';
import { ensure, equalBytes } from './sodium.ts';
import { currentGeneration, type UserChainState } from './user-chain.ts';

/** Somebody's stay in an inbox under one role: from the link that began it to the link that ended it. */
export interface Membership {
  readonly userId: Uint8Array;
  readonly role: InboxRole;
  readonly from: number;
  readonly until: number | null;
}

/** The name by which the registry vouches for the inbox whose members may attest resets. */
export const registrarsName = 'gim1/registrars';

/** What an inbox chain says after its last link. A plain value; extending makes a new one. */
export interface InboxChainState {
  readonly inboxId: Uint8Array;
  readonly nonce: Uint8Array;
  readonly name: string;
  readonly policy: InboxPolicy;
  readonly seqno: number;
  readonly tails: readonly Uint8Array[];
  /** All stays, ended ones included. */
  readonly memberships: readonly Membership[];
  /** PTK generations, the first one first. */
  readonly generations: readonly Generation[];
  readonly closedAt: number | null;
}

export function currentMembers(state: InboxChainState): readonly Membership[] {
  return state.memberships.filter((stay) => stay.until === null);
}

/** Stays that go on after the link `seqno`; for 'now' only those that go on still. */
export function membersSince(state: InboxChainState, seqno: number, moment: 'past' | 'now'): readonly Membership[] {
  return state.memberships.filter((stay) => stay.until === null || (moment === 'past' && stay.until > seqno));
}

export function findMembership(state: InboxChainState, userId: Uint8Array): Membership | undefined {
  return currentMembers(state).find((stay) => equalBytes(stay.userId, userId));
}

/** Throws `not_allowed`. */
export function requireMembership(state: InboxChainState, userId: Uint8Array): Membership {
  const membership = findMembership(state, userId);
  ensure(membership !== undefined, 'not_allowed', 'not a member of the inbox');
  return membership;
}

/** Box audit: members whose box is sealed to a PUK generation they have replaced. Not empty: rotate before anything is sealed to the inbox. */
export function findStaleMembers(state: InboxChainState, userOf: (userId: Uint8Array) => UserChainState): readonly Uint8Array[] {
  const boxes = currentGeneration(state).boxes;
  return currentMembers(state)
    .map((member) => member.userId)
    .filter((userId) => {
      const slot = boxes.find((box) => equalBytes(box.recipient, userId));
      return slot?.recipientGeneration !== currentGeneration(userOf(userId)).generation;
    });
}
