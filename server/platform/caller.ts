import type { AccountId, DeviceId, InboxId, OfficeId, SessionId } from '../protocol/ids.ts';
import type { Role } from '../protocol/roles.ts';

/** Who sends a command: read from the session in SQL when the socket connects, and again when it is hinted that it changed. */
export interface Caller {
  readonly sessionId: SessionId;
  readonly accountId: AccountId;
  readonly role: Role;
  /** Null for citizens, whose names the server does not know. */
  readonly displayName: string | null;
  readonly officeId: OfficeId | null;
  /** The inbox of the caller's office. Whether he can read it, the inbox's chain says. */
  readonly inboxId: InboxId | null;
  /** Null when the browser holds none of the account's keys. */
  readonly deviceId: DeviceId | null;
}
