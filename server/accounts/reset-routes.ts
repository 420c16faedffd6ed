import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../platform/app-error.ts';
import { limitByAddress, parseBody } from '../platform/http.ts';
import type { Limit } from '../platform/rate-limit.ts';
import { toBase64Url } from '../protocol/base64url.ts';
import type { AccountId, ResetId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { AccountStore } from './account-store.ts';
import { bindBrowser, readBrowser } from './cookies.ts';
import { drawNumber } from './device-link-routes.ts';
import { beginResetSchema, draftSchema, finishResetSchema, resetSchema } from './reset-schemas.ts';
import { type ResetRow, ResetStore } from './reset-store.ts';
import type { Resets } from './resets.ts';
import type { AccountRouteParts, Answer } from './route-parts.ts';
import { SessionStore } from './session-store.ts';

export interface ResetRoutesDependencies extends AccountRouteParts {
  readonly resets: Resets;
  /** Whose conversation has this reference; null when there is none. */
  readonly findByReference: (reference: string) => Promise<AccountId | null>;
}

/** Of one address. */
const beginLimit: Limit = { points: 10, perSeconds: 60 * 60 };
const talkLimit: Limit = { points: 120, perSeconds: 60 };
const maxTries = 5;
/** The browser's cookie outlasts the request with all its waiting. */
const browserMs = 2 * limits.resetRequestMs;

/** The side of the person who has lost everything: whoever holds the cookie of the browser that asked. */
export function resetRoutes(http: FastifyInstance, parts: ResetRoutesDependencies): void {
  const { database, browserSessions, rateLimit, resets, findByReference } = parts;
  const store = new ResetStore(database);
  const requireOwn = async (request: FastifyRequest, resetId: ResetId): Promise<ResetRow> => {
    await limitByAddress(rateLimit, 'reset:talk', request, talkLimit);
    const browserHash = readBrowser(request);
    const row = browserHash && (await store.findOfBrowser(resetId, browserHash));
    if (!row) throw new AppError('not_found', 'no such request of this browser');
    return row;
  };
  /** Whom the request is about: the account that is signed in without keys, or whoever has the reference. */
  const findPerson = async (request: FastifyRequest, about: string | null) => {
    if (about !== null) return { accountId: await findByReference(about), credentialId: null };
    const { accountId, deviceId, sessionId } = await browserSessions.require(request);
    if (deviceId) throw new AppError('bad_state', 'this browser has keys of the account');
    return { accountId, credentialId: await new SessionStore(database).findCredential(sessionId) };
  };

  http.post('/api/resets', async (request, reply): Answer<'POST /api/resets'> => {
    await limitByAddress(rateLimit, 'reset:begin', request, beginLimit);
    const { resetId, about } = parseBody(beginResetSchema, request);
    const browserHash = bindBrowser(request, reply, { forMs: browserMs });
    const person = await findPerson(request, about);
    // A number that somebody else has is drawn again.
    for (let tries = 0; tries < maxTries; tries += 1) {
      const isNew = await store.add({ resetId, number: drawNumber(), browserHash, address: request.ip, about, ...person });
      const row = await store.findOfBrowser(resetId, browserHash);
      if (!row) continue;
      // What a guessed reference asks for, nobody hears of before a registrar has looked.
      if (isNew && about === null) await resets.tell(row);
      return { number: row.number, expiresAt: row.expiresAt.getTime() };
    }
    throw new AppError('conflict', "the id is another request's");
  });

  http.post('/api/resets/draft', async (request): Answer<'POST /api/resets/draft'> => {
    const { resetId, draft } = parseBody(draftSchema, request);
    await requireOwn(request, resetId);
    await resets.setDraft(resetId, draft);
    return {};
  });

  http.post('/api/resets/status', async (request): Answer<'POST /api/resets/status'> => {
    const { resetId } = parseBody(resetSchema, request);
    const row = await requireOwn(request, resetId);
    const [reset] = await resets.view([row], true);
    if (!reset) throw new AppError('not_found', 'no such request');
    const links = reset.accountId ? await new AccountStore(database).findLinks([{ accountId: reset.accountId, seqno: 0 }]) : [];
    return { reset, links: links.map(({ link }) => toBase64Url(link)) };
  });

  http.post('/api/resets/finish', async (request): Answer<'POST /api/resets/finish'> => {
    const { resetId, link } = parseBody(finishResetSchema, request);
    const { accountId } = await requireOwn(request, resetId);
    const caller = await browserSessions.find(request);
    await resets.finish(resetId, link, caller?.accountId === accountId ? caller.sessionId : null);
    return {};
  });

  http.post('/api/resets/cancel', async (request): Answer<'POST /api/resets/cancel'> => {
    const { resetId } = parseBody(resetSchema, request);
    await resets.cancel(await requireOwn(request, resetId));
    return {};
  });
}
