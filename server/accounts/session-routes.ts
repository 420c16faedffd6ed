import type { FastifyInstance } from 'fastify';
import { AppError } from '../platform/app-error.ts';
import { limitByAddress, parseBody } from '../platform/http.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { AccountId } from '../protocol/ids.ts';
import { checkAssertion } from './assertion.ts';
import { offerAuthentication, refusal } from './ceremony.ts';
import { clearToken } from './cookies.ts';
import { requireProof } from './registration.ts';
import { finishLimit, startLimit, type AccountRouteParts, type Answer } from './route-parts.ts';
import { bindingSchema, confirmationSchema, nothingSchema } from './schemas.ts';

export interface SessionRoutesDependencies extends AccountRouteParts {
  /** Something about the account's sessions is another now: its sockets' rights are to be read again. */
  readonly onRenewed: (accountId: AccountId) => Promise<void>;
}

/** The browser's own session: what it is, its end, its device, its confirmation. */
export function sessionRoutes(http: FastifyInstance, parts: SessionRoutesDependencies): void {
  const { database, party, ceremonies, browserSessions, sessions, chains, rateLimit, onRenewed } = parts;

  http.get('/api/session', async (request, reply): Answer<'GET /api/session'> => {
    reply.header('cache-control', 'no-store');
    const caller = await browserSessions.find(request);
    if (!caller) reply.code(204);
    return caller && (await browserSessions.describe(caller));
  });

  http.delete('/api/session', async (request, reply): Answer<'DELETE /api/session'> => {
    await browserSessions.leave(request);
    clearToken(reply);
    // Pages of the account must not come back with the browser's back button (H24). Keys and drafts stay: they are sealed.
    reply.code(204).header('clear-site-data', '"cache"').header('cache-control', 'no-store');
    return null;
  });

  http.post('/api/session/device/options', async (request, reply): Answer<'POST /api/session/device/options'> => {
    await limitByAddress(rateLimit, 'ceremony:start', request, startLimit);
    parseBody(nothingSchema, request);
    const { sessionId } = await browserSessions.require(request);
    const { challengeId, challenge } = await ceremonies.begin(request, reply, 'binding', { subject: sessionId });
    return { challengeId, challenge };
  });

  http.post('/api/session/device', async (request, reply): Answer<'POST /api/session/device'> => {
    await limitByAddress(rateLimit, 'ceremony:finish', request, finishLimit);
    const { challengeId, device } = parseBody(bindingSchema, request);
    const { sessionId, accountId } = await browserSessions.require(request);
    const { challenge, subject } = await ceremonies.take(request, challengeId, ['binding']);
    if (subject !== sessionId) throw refusal("another session's challenge");
    requireProof(await chains.require(database, accountId), device, challenge);
    const token = await sessions.renew(sessionId, { deviceId: device.deviceId });
    if (token === null) throw new AppError('unauthenticated', 'the session ended meanwhile');
    await onRenewed(accountId);
    return await browserSessions.adopt(reply, token);
  });

  http.post('/api/session/confirmation/options', async (request, reply): Answer<'POST /api/session/confirmation/options'> => {
    await limitByAddress(rateLimit, 'ceremony:start', request, startLimit);
    parseBody(nothingSchema, request);
    const { sessionId } = await browserSessions.require(request);
    const { challengeId, challenge } = await ceremonies.begin(request, reply, 'confirmation', { subject: sessionId });
    return { challengeId, options: await offerAuthentication(party, fromBase64Url(challenge)) };
  });

  http.post('/api/session/confirmation', async (request, reply): Answer<'POST /api/session/confirmation'> => {
    await limitByAddress(rateLimit, 'ceremony:finish', request, finishLimit);
    const { challengeId, response } = parseBody(confirmationSchema, request);
    const { sessionId, accountId } = await browserSessions.require(request);
    const { challenge, subject } = await ceremonies.take(request, challengeId, ['confirmation']);
    if (subject !== sessionId) throw refusal("another session's challenge");
    const { passkey, use } = await checkAssertion(response, challenge, parts);
    if (passkey.accountId !== accountId) throw refusal("another account's passkey");
    await use();
    const token = await sessions.renew(sessionId, { isConfirmed: true });
    if (token === null) throw new AppError('unauthenticated', 'the session ended meanwhile');
    await onRenewed(accountId);
    return await browserSessions.adopt(reply, token);
  });
}
