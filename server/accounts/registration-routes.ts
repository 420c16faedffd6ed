import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../platform/app-error.ts';
import { limitByAddress, parseBody } from '../platform/http.ts';
import type { Limit } from '../platform/rate-limit.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { AccountId } from '../protocol/ids.ts';
import { offerRegistration } from './ceremony.ts';
import { InvitationStore } from './invitation-store.ts';
import { offerPasskey } from './passkey-routes.ts';
import { register } from './registration.ts';
import { finishLimit, startLimit, type AccountRouteParts, type Answer } from './route-parts.ts';
import { registrationOptionsSchema, registrationSchema } from './schemas.ts';
import { hashToken } from './sessions.ts';

export interface RegistrationRoutesDependencies extends AccountRouteParts {
  readonly officialsNeedDeviceBoundKeys: boolean;
  /** Somebody has used an invitation. */
  readonly onEnrolled: (accountId: AccountId) => Promise<void>;
}

/**
 * Citizens of one address who are new: a household, a reading room, the many whom a mobile network puts behind one. Whoever draws accounts
 * by the thousand to fill a line with them needs many addresses.
 */
const citizenLimit: Limit = { points: 20, perSeconds: 3_600 };

/** New accounts, each with its first passkey. */
export function registrationRoutes(http: FastifyInstance, dependencies: RegistrationRoutesDependencies): void {
  const { database, party, ceremonies, browserSessions, rateLimit, onEnrolled } = dependencies;
  const invitations = new InvitationStore(database);

  http.post('/api/passkeys/registration/options', async (request, reply): Answer<'POST /api/passkeys/registration/options'> => {
    await limitByAddress(rateLimit, 'ceremony:start', request, startLimit);
    const { invitationToken, addition, ...after } = parseBody(registrationOptionsSchema, request);
    if (addition || after.deviceLinkId !== undefined || after.resetId !== undefined)
      return await offerPasskey(request, reply, after, dependencies);
    const tokenHash = invitationToken === undefined ? null : hashToken(invitationToken);
    const invitation = tokenHash && (await invitations.findOpen(tokenHash));
    if (tokenHash && !invitation) throw new AppError('invitation_invalid', 'unknown, used or expired');
    const handle = randomBytes(32);
    const { challengeId, challenge } = await ceremonies.begin(request, reply, 'registration', { handle, tokenHash });
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
    if (!body.invitation) await limitByAddress(rateLimit, 'registration:citizen', request, citizenLimit);
    const challenge = await ceremonies.take(request, body.challengeId, ['registration']);
    const registered = await register(body, challenge, dependencies);
    if (registered.role === 'official') await onEnrolled(registered.accountId);
    return await browserSessions.enter(request, reply, registered);
  });
}
