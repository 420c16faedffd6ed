import type { AccountId, DeviceId, InboxId, OfficeId, SessionId } from '../protocol/ids.ts';
import type { InboxRole } from '../protocol/inbox-bodies.ts';
import { mayWrite } from '../protocol/inbox-rules.ts';
import type { Role } from '../protocol/roles.ts';

/** What a session says about who sends a command. */
export interface SessionCaller {
  readonly sessionId: SessionId;
  readonly accountId: AccountId;
  readonly role: Role;
  /** Null for citizens, whose names the server does not know. */
  readonly displayName: string | null;
  readonly officeId: OfficeId | null;
  /** Null when the browser holds none of the account's keys. */
  readonly deviceId: DeviceId | null;
  /** Until when a passkey counts as just shown; in the past when it was not. */
  readonly confirmedUntil: number;
  /** When the session ends whatever happens. */
  readonly expiresAt: number;
}

/** What the chains of the inboxes say about him. */
export interface InboxRights {
  /** The inbox of the caller's office. */
  readonly inboxId: InboxId | null;
  /** By the newest link of each inbox's chain: being an official is not enough to read. */
  readonly inboxRoles: ReadonlyMap<InboxId, InboxRole>;
}

/** Who sends a command: read from SQL when the socket connects, and again every second. */
export type Caller = SessionCaller & InboxRights;

/** Officials whom an inbox's chain lists: they read what citizens write to it. */
export function isReader(caller: Caller, inboxId: InboxId): boolean {
  return caller.role === 'official' && caller.inboxRoles.has(inboxId);
}

/** Whether the inbox's chain lets somebody answer citizens. */
export function mayAnswer({ inboxId, inboxRoles }: InboxRights): boolean {
  const role = inboxId && inboxRoles.get(inboxId);
  return role !== null && role !== undefined && mayWrite(role);
}
