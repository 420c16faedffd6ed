import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../platform/app-error.ts';
import type { InboxRights, SessionCaller } from '../platform/caller.ts';
import type { Database } from '../platform/database.ts';
import { limitByAddress, parseBody } from '../platform/http.ts';
import type { Log } from '../platform/log.ts';
import type { Limit, RateLimit } from '../platform/rate-limit.ts';
import type { HttpRoutes, SessionView } from '../protocol/accounts.ts';
import { fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import { type AccountId, newId, type OfficeId, type SessionId } from '../protocol/ids.ts';
import { AccountStore } from './account-store.ts';
import { checkAuthentication, offerAuthentication, offerRegistration, refusal, type RelyingParty } from './ceremony.ts';
import { type Challenge, ChallengeStore, type Purpose } from './challenge-store.ts';
import { bindBrowser, clearToken, readBrowser, readToken, setToken } from './cookies.ts';
import { InvitationStore } from './invitation-store.ts';
import { PasskeyStore } from './passkey-store.ts';
import { register, requireProof } from './registration.ts';
import {
  authenticationOptionsSchema,
  authenticationSchema,
  carriesPrfResults,
  deviceChallengeSchema,
  deviceSessionSchema,
  registrationOptionsSchema,
  registrationSchema,
} from './schemas.ts';
import { hashToken, type OpenedSession, type Sessions } from './sessions.ts';
import type { UserChains } from './user-chains.ts';

type Answer<Route extends keyof HttpRoutes> = Promise<ReturnType<HttpRoutes[Route]>>;

export interface AccountRoutesDependencies {
  readonly database: Database;
  readonly party: RelyingParty;
  readonly officialsNeedDeviceBoundKeys: boolean;
  readonly sessions: Sessions;
  readonly chains: UserChains;
  readonly rateLimit: RateLimit;
  readonly log: Log;
  /** Open ceremonies of one address. */
  readonly maxChallengesPerAddress: number;
  readonly rightsOf: (account: { readonly accountId: AccountId; readonly officeId: OfficeId | null }) => Promise<InboxRights>;
  /** The session is over: its sockets are to be told and closed. */
  readonly onSignedOut: (sessionId: SessionId) => void;
  /** Somebody has used an invitation. */
  readonly onEnrolled: (accountId: AccountId) => Promise<void>;
}

const startLimit: Limit = { points: 60, perSeconds: 60 };
const finishLimit: Limit = { points: 60, perSeconds: 60 };

/** Passkey ceremonies and sessions. Every way in which a ceremony can fail has the same answer, `passkey_refused` (K20). */
export function accountRoutes(http: FastifyInstance, dependencies: AccountRoutesDependencies): void {
  const { database, party, sessions, chains, rateLimit, log, rightsOf, onSignedOut, onEnrolled } = dependencies;
  const challenges = new ChallengeStore(database, { maxPerAddress: dependencies.maxChallengesPerAddress });
  const invitations = new InvitationStore(database);

  const begin = async (
    request: FastifyRequest,
    reply: FastifyReply,
    purpose: Purpose,
    about: Partial<Pick<Challenge, 'handle' | 'accountId' | 'tokenHash'>>,
  ) => {
    const challenge = {
      challengeId: newId<'challenge'>(),
      purpose,
      challenge: toBase64Url(randomBytes(32)),
      browserHash: bindBrowser(request, reply),
      handle: null,
      accountId: null,
      tokenHash: null,
      ...about,
    };
    await challenges.add(challenge, request.ip);
    return challenge;
  };
  const take = async (request: FastifyRequest, challengeId: Challenge['challengeId'], purpose: Purpose) => {
    const browserHash = readBrowser(request);
    const challenge = browserHash && (await challenges.take(challengeId, purpose, browserHash));
    if (!challenge) throw refusal('no such challenge of this browser');
    return challenge;
  };
  const describe = async (caller: SessionCaller): Promise<SessionView> => {
    const { accountId, role, displayName, officeId, deviceId, expiresAt } = caller;
    const { inboxId } = await rightsOf(caller);
    return { accountId, role, displayName, officeId, inboxId, deviceId, expiresAt };
  };
  /** The browser's session is a new one after each sign-in, whatever it brought along (H18). */
  const enter = async (request: FastifyRequest, reply: FastifyReply, { token }: OpenedSession): Promise<SessionView> => {
    await leave(request);
    setToken(reply, token);
    const caller = await sessions.authenticate(token);
    if (!caller) throw new AppError('unavailable', 'the session ended before it began');
    return await describe(caller);
  };
  const leave = async (request: FastifyRequest): Promise<void> => {
    const token = readToken(request.cookies);
    const ended = token === null ? null : await sessions.end(token);
    if (ended) onSignedOut(ended);
  };

  http.addHook('preHandler', async (request) => {
    if (!carriesPrfResults(request.body)) return;
    log.error({ alarm: 'prf-results-received', route: request.routeOptions.url }, 'a client has sent key material');
    throw new AppError('bad_request', 'PRF results do not belong here');
  });

  http.post('/api/passkeys/registration/options', async (request, reply): Answer<'POST /api/passkeys/registration/options'> => {
    await limitByAddress(rateLimit, 'ceremony:start', request, startLimit);
    const { invitationToken } = parseBody(registrationOptionsSchema, request);
    const tokenHash = invitationToken === undefined ? null : hashToken(invitationToken);
    const invitation = tokenHash && (await invitations.findOpen(tokenHash));
    if (tokenHash && !invitation) throw new AppError('invitation_invalid', 'unknown, used or expired');
    const handle = randomBytes(32);
    const { challengeId, challenge } = await begin(request, reply, 'registration', { handle, tokenHash });
    const options = await offerRegistration(party, {
      challenge: fromBase64Url(challenge),
      handle,
      name: invitation?.displayName ?? party.operator,
    });
    return { challengeId, options, invitation };
  });

  http.post('/api/passkeys/registration', async (request, reply): Answer<'POST /api/passkeys/registration'> => {
    await limitByAddress(rateLimit, 'ceremony:finish', request, finishLimit);
    const body = parseBody(registrationSchema, request);
    const challenge = await take(request, body.challengeId, 'registration');
    const registered = await register(body, challenge, dependencies);
    if (registered.role === 'official') await onEnrolled(registered.accountId);
    return await enter(request, reply, registered);
  });

  http.post('/api/passkeys/authentication/options', async (request, reply): Answer<'POST /api/passkeys/authentication/options'> => {
    await limitByAddress(rateLimit, 'ceremony:start', request, startLimit);
    parseBody(authenticationOptionsSchema, request);
    const { challengeId, challenge } = await begin(request, reply, 'authentication', {});
    return { challengeId, options: await offerAuthentication(party, fromBase64Url(challenge)) };
  });

  http.post('/api/passkeys/authentication', async (request, reply): Answer<'POST /api/passkeys/authentication'> => {
    await limitByAddress(rateLimit, 'ceremony:finish', request, finishLimit);
    const { challengeId, response, device } = parseBody(authenticationSchema, request);
    const { challenge } = await take(request, challengeId, 'authentication');
    const passkeys = new PasskeyStore(database);
    const passkey = await passkeys.find(response.id);
    if (!passkey) throw refusal('no such passkey');
    const use = await checkAuthentication(party, response, challenge, passkey);
    if (device) requireProof(await chainOf(passkey.accountId), device, challenge);
    if (!(await passkeys.use(passkey.credentialId, use))) {
      log.error({ alarm: 'passkey-counter', account: passkey.accountId }, 'a passkey may have been copied');
      throw refusal('the counter does not go up');
    }
    return await enter(
      request,
      reply,
      await sessions.open(database, { accountId: passkey.accountId, role: passkey.role, deviceId: device?.deviceId ?? null }),
    );
  });

  const chainOf = async (accountId: AccountId) => {
    const chain = (await chains.load(database, [accountId])).get(accountId);
    if (!chain) throw refusal('no such account');
    return chain;
  };

  http.post('/api/sessions/challenge', async (request, reply): Answer<'POST /api/sessions/challenge'> => {
    await limitByAddress(rateLimit, 'ceremony:start', request, startLimit);
    const { accountId } = parseBody(deviceChallengeSchema, request);
    const { challengeId, challenge } = await begin(request, reply, 'device', { accountId });
    return { challengeId, challenge };
  });

  http.post('/api/sessions', async (request, reply): Answer<'POST /api/sessions'> => {
    await limitByAddress(rateLimit, 'ceremony:finish', request, finishLimit);
    const { challengeId, accountId, device } = parseBody(deviceSessionSchema, request);
    const { challenge, accountId: challenged } = await take(request, challengeId, 'device');
    const [account] = await new AccountStore(database).find([accountId]);
    // Whoever has a passkey uses it: a stolen device key alone opens nothing.
    if (challenged !== accountId || account?.role !== 'owner' || account.handle !== null)
      throw refusal('no account that signs in like this');
    requireProof(await chainOf(accountId), device, challenge);
    return await enter(request, reply, await sessions.open(database, { accountId, role: account.role, deviceId: device.deviceId }));
  });

  http.get('/api/session', async (request, reply): Answer<'GET /api/session'> => {
    reply.header('cache-control', 'no-store');
    const token = readToken(request.cookies);
    const caller = token === null ? null : await sessions.authenticate(token);
    if (!caller) reply.code(204);
    return caller && (await describe(caller));
  });

  http.delete('/api/session', async (request, reply): Answer<'DELETE /api/session'> => {
    await leave(request);
    clearToken(reply);
    // Pages of the account must not come back with the browser's back button (H24). Keys and drafts stay: they are sealed.
    reply.code(204).header('clear-site-data', '"cache"').header('cache-control', 'no-store');
    return null;
  });
}
