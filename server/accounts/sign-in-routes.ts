import type { FastifyInstance } from 'fastify';
import { limitByAddress, parseBody } from '../platform/http.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import { AccountStore } from './account-store.ts';
import { checkAssertion } from './assertion.ts';
import { offerAuthentication, refusal } from './ceremony.ts';
import { finishLimit, startLimit, type AccountRouteParts, type Answer } from './route-parts.ts';
import { requireProof } from './registration.ts';
import { authenticationSchema, deviceChallengeSchema, deviceSessionSchema, nothingSchema } from './schemas.ts';

/** Ways to sign in. */
export function signInRoutes(http: FastifyInstance, parts: AccountRouteParts): void {
  const { database, party, ceremonies, browserSessions, sessions, chains, rateLimit } = parts;

  http.post('/api/passkeys/authentication/options', async (request, reply): Answer<'POST /api/passkeys/authentication/options'> => {
    await limitByAddress(rateLimit, 'ceremony:start', request, startLimit);
    parseBody(nothingSchema, request);
    const { challengeId, challenge } = await ceremonies.begin(request, reply, 'authentication');
    return { challengeId, options: await offerAuthentication(party, fromBase64Url(challenge)) };
  });

  http.post('/api/passkeys/authentication', async (request, reply): Answer<'POST /api/passkeys/authentication'> => {
    await limitByAddress(rateLimit, 'ceremony:finish', request, finishLimit);
    const { challengeId, response, device } = parseBody(authenticationSchema, request);
    const { challenge } = await ceremonies.take(request, challengeId, ['authentication']);
    const { passkey, use } = await checkAssertion(response, challenge, parts);
    const { accountId, role, credentialId } = passkey;
    if (device) requireProof(await chains.require(database, accountId), device, challenge);
    await use();
    return await browserSessions.enter(
      request,
      reply,
      await sessions.open(database, { accountId, role, deviceId: device?.deviceId ?? null, credentialId }),
    );
  });

  http.post('/api/sessions/challenge', async (request, reply): Answer<'POST /api/sessions/challenge'> => {
    await limitByAddress(rateLimit, 'ceremony:start', request, startLimit);
    const { accountId } = parseBody(deviceChallengeSchema, request);
    const { challengeId, challenge } = await ceremonies.begin(request, reply, 'device', { accountId });
    return { challengeId, challenge };
  });

  http.post('/api/sessions', async (request, reply): Answer<'POST /api/sessions'> => {
    await limitByAddress(rateLimit, 'ceremony:finish', request, finishLimit);
    const { challengeId, accountId, device } = parseBody(deviceSessionSchema, request);
    const { challenge, accountId: challenged } = await ceremonies.take(request, challengeId, ['device']);
    const [account] = await new AccountStore(database).find([accountId]);
    // Whoever has a passkey uses it: a stolen device key alone opens nothing.
    if (challenged !== accountId || account?.role !== 'owner' || account.handle !== null)
      throw refusal('no account that signs in like this');
    requireProof(await chains.require(database, accountId), device, challenge);
    return await browserSessions.enter(
      request,
      reply,
      await sessions.open(database, { accountId, role: account.role, deviceId: device.deviceId, credentialId: null }),
    );
  });
}
