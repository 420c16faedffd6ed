import type { Server } from 'socket.io';
import type { AccountId, InboxId, OfficeId, SessionId } from '../protocol/ids.ts';
import type { Notifications } from '../protocol/notifications.ts';
import type { Bus } from './bus.ts';
import { isReader, type Caller } from './caller.ts';

/** Who is told. Every socket of the audience gets it, on every node. */
export type Audience =
  | { readonly account: AccountId }
  /** The team of an office: officials whom its inbox's chain lists. */
  | { readonly officials: OfficeId }
  /** Officials whom the inbox's chain lists: those who read its conversations. */
  | { readonly readers: InboxId }
  /** Everybody with a role in the inbox's chain, owners too. */
  | { readonly inbox: InboxId }
  | { readonly supervisors: OfficeId }
  | { readonly session: SessionId };

export type Notify = <Event extends keyof Notifications>(
  audience: Audience,
  event: Event,
  fact: Parameters<Notifications[Event]>[0],
) => void;

/** The room's name; the same for all nodes. */
export function roomOf(audience: Audience): string {
  return Object.entries(audience)
    .map(([kind, id]: [string, string]) => `${kind}:${id}`)
    .join();
}

/** The rooms a caller's socket is in. */
export function roomsOf(caller: Caller): string[] {
  const audiences: Audience[] = [{ account: caller.accountId }, { session: caller.sessionId }];
  if (caller.officeId && caller.inboxId && isReader(caller, caller.inboxId)) audiences.push({ officials: caller.officeId });
  if (caller.officeId && caller.role === 'supervisor') audiences.push({ supervisors: caller.officeId });
  for (const inboxId of caller.inboxRoles.keys()) {
    audiences.push({ inbox: inboxId });
    if (isReader(caller, inboxId)) audiences.push({ readers: inboxId });
  }
  return audiences.map(roomOf);
}

/** Own sockets first, the other nodes after: nothing stands between two sockets of one node (reliability.md L1). */
export function createNotify(io: Server, bus: Bus): Notify {
  bus.onHint((hint) => {
    if (hint.kind === 'notification') io.to(hint.room).emit(hint.event, hint.fact);
  });
  return (audience, event, fact) => {
    const room = roomOf(audience);
    io.to(room).emit(event, fact);
    bus.publish({ kind: 'notification', room, event, fact });
  };
}
