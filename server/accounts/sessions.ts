import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../platform/app-error.ts';
import type { SessionCaller } from '../platform/caller.ts';
import type { Database } from '../platform/database.ts';
import { type AccountId, newId, type SessionId } from '../protocol/ids.ts';
import { type NewSession, type Renewal, SessionStore } from './session-store.ts';

/** A new session and the only copy of its token. */
export interface OpenedSession {
  readonly sessionId: SessionId;
  readonly token: string;
}

export interface Sessions {
  /** `database` may be a transaction: a session comes into being with its account. */
  open(database: Database, owner: Omit<NewSession, 'sessionId' | 'tokenHash'>): Promise<OpenedSession>;
  /** Whose token it is, or null. Counts as activity. */
  authenticate(token: string): Promise<SessionCaller | null>;
  /** Those that are there, over or not. */
  read(sessionIds: readonly SessionId[]): Promise<ReadonlyMap<SessionId, { readonly caller: SessionCaller; readonly isOver: boolean }>>;
  /** Those that are not there, or over. */
  endedOf(sessionIds: readonly SessionId[]): Promise<readonly SessionId[]>;
  /** The session's new token; null when it is over. The old one is of no use any more. */
  renew(sessionId: SessionId, renewal: Renewal): Promise<string | null>;
  /** Ends the session with this token; its id when there was one. */
  end(token: string): Promise<SessionId | null>;
  touch(sessionIds: readonly SessionId[]): Promise<void>;
  /** Waiting in a line or being in a call is being active, though nothing is sent. */
  keepAlive(accountIds: readonly AccountId[]): Promise<void>;
  sweep(): Promise<void>;
}

export function createSessions(database: Database): Sessions {
  const store = new SessionStore(database);
  return {
    async open(within, owner) {
      const opened = { sessionId: newId<'session'>(), token: newToken() };
      await new SessionStore(within).add({ ...owner, sessionId: opened.sessionId, tokenHash: hashToken(opened.token) });
      return opened;
    },
    async authenticate(token) {
      const row = isToken(token) ? await store.findByToken(hashToken(token)) : null;
      if (!row || row.isOver) return null;
      await store.touch([row.sessionId]);
      return row;
    },
    async endedOf(sessionIds) {
      const open = new Set((await store.find(sessionIds)).filter(({ isOver }) => !isOver).map(({ sessionId }) => sessionId));
      return sessionIds.filter((sessionId) => !open.has(sessionId));
    },
    async renew(sessionId, renewal) {
      const token = newToken();
      return (await store.renew(sessionId, hashToken(token), renewal)) ? token : null;
    },
    async read(sessionIds) {
      const rows = await store.find(sessionIds);
      return new Map(rows.map((row) => [row.sessionId, { caller: row, isOver: row.isOver }]));
    },
    end: async (token) => (isToken(token) ? await store.removeByToken(hashToken(token)) : null),
    touch: async (sessionIds) => await store.touch(sessionIds),
    keepAlive: async (accountIds) => await store.touchAccounts(accountIds),
    sweep: async () => await store.sweep(),
  };
}

/** What weighs more than reading needs a passkey shown in this session a few minutes ago at most. Throws `step_up_needed`. */
export async function requireConfirmed(database: Database, sessionId: SessionId): Promise<void> {
  if (!(await new SessionStore(database).isConfirmed(sessionId))) throw new AppError('step_up_needed', 'no passkey was shown lately');
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** 32 random bytes in base64url. */
function isToken(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/** Without a salt, since the token is 256 random bits: whoever reads the table still has to guess it. */
export function hashToken(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}
