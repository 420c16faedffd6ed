import type { Generation } from './generation.ts';
import type { InboxPolicy, InboxRole } from './inbox-bodies.ts';
import { ensure, equalBytes } from './sodium.ts';
import { activeDevices, currentGeneration, untilReset, type UserChainState } from './user-state.ts';
import { requireUser, type Verification } from './verification.ts';

/** Somebody's stay in an inbox under one role: from the link that began it to the link that ended it. */
export interface Membership {
  readonly userId: Uint8Array;
  readonly role: InboxRole;
  /** The head of the member's own chain the inbox trusts in: what resets bring after it is nothing to the inbox. */
  readonly userSeqno: number;
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

/** Whether the generation is a retention cut: nothing in it leads to the ones before. */
export function isCut({ generation, prevBoxHash }: Pick<Generation, 'generation' | 'prevBoxHash'>): boolean {
  return generation > 1 && prevBoxHash === null;
}

/** The newest retention cut; 0 when there is none. */
export function newestCut(state: InboxChainState): number {
  return state.generations.findLast(isCut)?.generation ?? 0;
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

/**
 * A member's own chain as the inbox sees it: up to a reset after the member was added. Registrars could else take over an official's
 * inboxes; who was reset is removed and added again. In the registrars' own inbox no reset counts at all: they would vouch for themselves.
 */
export function memberChain(state: InboxChainState, stay: Membership, verification: Pick<Verification, 'user'>): UserChainState {
  return untilReset(requireUser(verification, stay.userId), state.name === registrarsName ? 0 : stay.userSeqno);
}

/** Was reset since he was added: holds no key any more, signs nothing, and gets no new key. */
export function isSuspended(state: InboxChainState, stay: Membership, verification: Pick<Verification, 'user'>): boolean {
  return activeDevices(memberChain(state, stay, verification)).length === 0;
}

/** Current members but for the suspended: who holds the inbox's key after a rotation. */
export function activeMembers(state: InboxChainState, verification: Pick<Verification, 'user'>): readonly Membership[] {
  return currentMembers(state).filter((stay) => !isSuspended(state, stay, verification));
}

/**
 * Box audit: members whose box is sealed to a PUK generation they have replaced, and suspended ones who still have a box.
 * Not empty: rotate before anything is sealed to the inbox.
 */
export function findStaleMembers(state: InboxChainState, userOf: (userId: Uint8Array) => UserChainState): readonly Uint8Array[] {
  const boxes = currentGeneration(state).boxes;
  const stale = currentMembers(state).filter((stay) => {
    const slot = boxes.find((box) => equalBytes(box.recipient, stay.userId));
    if (isSuspended(state, stay, { user: userOf })) return slot !== undefined;
    return slot?.recipientGeneration !== currentGeneration(userOf(stay.userId)).generation;
  });
  return stale.map((stay) => stay.userId);
}
