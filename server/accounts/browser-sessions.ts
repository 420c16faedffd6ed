import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../platform/app-error.ts';
import type { InboxRights, SessionCaller } from '../platform/caller.ts';
import type { SessionView } from '../protocol/accounts.ts';
import type { AccountId, OfficeId, SessionId } from '../protocol/ids.ts';
import { readToken, setToken } from './cookies.ts';
import type { OpenedSession, Sessions } from './sessions.ts';

export interface BrowserSessionsDependencies {
  readonly sessions: Sessions;
  readonly rightsOf: (account: { readonly accountId: AccountId; readonly officeId: OfficeId | null }) => Promise<InboxRights>;
  /** The session is over: its sockets are to be told and closed. */
  readonly onSignedOut: (sessionId: SessionId) => void;
}

/** The session that a browser's cookie names. */
export class BrowserSessions {
  readonly #dependencies: BrowserSessionsDependencies;

  constructor(dependencies: BrowserSessionsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Null when the browser is not signed in. */
  async find(request: FastifyRequest): Promise<SessionCaller | null> {
    const token = readToken(request.cookies);
    return token === null ? null : await this.#dependencies.sessions.authenticate(token);
  }

  /** A guest of a call has no account to do anything with. */
  async require(request: FastifyRequest): Promise<SessionCaller> {
    const caller = await this.find(request);
    if (!caller) throw new AppError('unauthenticated', 'no session');
    if (caller.role === 'guest') throw new AppError('forbidden', 'not for guests');
    return caller;
  }

  /** The browser's session is a new one after each sign-in, whatever it brought along (H18). */
  async enter(request: FastifyRequest, reply: FastifyReply, { token }: OpenedSession): Promise<SessionView> {
    await this.leave(request);
    return await this.adopt(reply, token);
  }

  /** The browser goes on with a token: of a new session, or a new one of its own. */
  async adopt(reply: FastifyReply, token: string): Promise<SessionView> {
    setToken(reply, token);
    const caller = await this.#dependencies.sessions.authenticate(token);
    if (!caller) throw new AppError('unavailable', 'the session ended before it began');
    return await this.describe(caller);
  }

  async leave(request: FastifyRequest): Promise<void> {
    const token = readToken(request.cookies);
    const ended = token === null ? null : await this.#dependencies.sessions.end(token);
    if (ended) this.#dependencies.onSignedOut(ended);
  }

  async describe(caller: SessionCaller): Promise<SessionView> {
    const { accountId, role, displayName, officeId, deviceId, confirmedUntil, expiresAt } = caller;
    const { inboxId } = await this.#dependencies.rightsOf(caller);
    return { accountId, role, displayName, officeId, inboxId, deviceId, confirmedUntil, expiresAt };
  }
}
