import type { CallMember, PeerId } from '../../server/protocol/calls.ts';
import { limits } from '../../server/protocol/limits.ts';
import { ensure } from '../../server/protocol/sodium.ts';

/** The others of the server's list. Throws `malformed` for a list that cannot be one, `not_allowed` when this page is not in it. */
export function othersOf(members: readonly CallMember[], self: PeerId): readonly CallMember[] {
  const pages = new Set(members.map(({ peerId }) => peerId));
  ensure(members.length <= limits.callParticipants && pages.size === members.length, 'malformed', 'not the members of a call');
  ensure(members.every(hasIds), 'malformed', 'not the ids of members');
  ensure(pages.has(self), 'not_allowed', 'this page is not in the call');
  return members.filter(({ peerId }) => peerId !== self);
}

export function isSameList(left: readonly CallMember[], right: readonly CallMember[]): boolean {
  return left.length === right.length && left.every((member) => right.some((other) => isSamePage(member, other)));
}

export function isSamePage(left: Pick<CallMember, 'peerId' | 'accountId'>, right: Pick<CallMember, 'peerId' | 'accountId'>): boolean {
  return left.peerId === right.peerId && left.accountId === right.accountId;
}

/** 16 bytes and 32 bytes as base64url, in their one form. */
function hasIds({ peerId, accountId }: CallMember): boolean {
  return /^[\w-]{21}[AQgw]$/.test(peerId) && /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(accountId);
}
