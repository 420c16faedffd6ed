import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { limitByAddress, parseBody } from '../platform/http.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { AccountId, DeviceLinkId, ResetId } from '../protocol/ids.ts';
import { offerRegistration, refusal } from './ceremony.ts';
import type { Purpose } from './challenge-store.ts';
import { bindBrowser } from './cookies.ts';
import { addPasskey, findByLink, findByReset, requireRoom } from './new-passkey.ts';
import { finishLimit, type AccountRouteParts, type Answer } from './route-parts.ts';
import { newPasskeySchema } from './schemas.ts';
import { requireConfirmed } from './sessions.ts';

export interface PasskeyRoutesDependencies extends AccountRouteParts {
  readonly officialsNeedDeviceBoundKeys: boolean;
  /** The account's passkeys are others now. */
  readonly onWaysInChanged: (accountId: AccountId) => Promise<void>;
}

/** What a further passkey is asked for with. */
export interface PasskeyRequest {
  readonly deviceLinkId?: DeviceLinkId | undefined;
  readonly resetId?: ResetId | undefined;
}

/** Options for one more passkey: in a confirmed session (`step_up_needed`), after a link, or after a reset. */
export async function offerPasskey(
  request: FastifyRequest,
  reply: FastifyReply,
  { deviceLinkId, resetId }: PasskeyRequest,
  { database, party, ceremonies, browserSessions }: AccountRouteParts,
): Answer<'POST /api/passkeys/registration/options'> {
  const find = async (): Promise<{ purpose: Purpose; accountId: AccountId; subject: string }> => {
    if (deviceLinkId !== undefined) {
      const accountId = await findByLink(database, deviceLinkId, bindBrowser(request, reply));
      return { purpose: 'link', accountId, subject: deviceLinkId };
    }
    if (resetId !== undefined) {
      const accountId = await findByReset(database, resetId, bindBrowser(request, reply));
      return { purpose: 'reset', accountId, subject: resetId };
    }
    const { accountId, sessionId } = await browserSessions.require(request);
    await requireConfirmed(database, sessionId);
    return { purpose: 'addition', accountId, subject: sessionId };
  };
  const { purpose, accountId, subject } = await find();
  const { account, passkeys } = await requireRoom(database, accountId);
  const { handle } = account;
  const { challengeId, challenge } = await ceremonies.begin(request, reply, purpose, { handle, accountId, subject });
  const options = await offerRegistration(party, {
    challenge: fromBase64Url(challenge),
    handle,
    name: account.displayName ?? party.operator,
    existing: passkeys,
  });
  return { challengeId, options, invitation: null };
}

/** Passkeys for accounts that are there. */
export function passkeyRoutes(http: FastifyInstance, parts: PasskeyRoutesDependencies): void {
  const { database, ceremonies, browserSessions, rateLimit, onWaysInChanged } = parts;

  http.post('/api/passkeys', async (request, reply): Answer<'POST /api/passkeys'> => {
    await limitByAddress(rateLimit, 'ceremony:finish', request, finishLimit);
    const { challengeId, ...body } = parseBody(newPasskeySchema, request);
    const challenge = await ceremonies.take(request, challengeId, ['addition', 'link', 'reset']);
    const { accountId, handle, purpose, subject } = challenge;
    if (!accountId || !handle) throw refusal('a challenge for nobody');
    const caller = purpose === 'addition' ? await browserSessions.require(request) : null;
    if (caller && (caller.sessionId !== subject || caller.accountId !== accountId)) throw refusal("another session's challenge");
    if (caller) await requireConfirmed(database, caller.sessionId);
    const opened = await addPasskey(body, { ...challenge, accountId, handle }, parts);
    await onWaysInChanged(accountId);
    return opened
      ? await browserSessions.enter(request, reply, opened)
      : await browserSessions.describe(await browserSessions.require(request));
  });
}
