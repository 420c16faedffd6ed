import type { FastifyInstance } from 'fastify';
import { limitByAddress, parseBody } from '../platform/http.ts';
import type { Limit } from '../platform/rate-limit.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { AccountId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { verifyRecoveryProof } from '../protocol/session-proof.ts';
import { CryptoError } from '../protocol/sodium.ts';
import { AccountStore } from './account-store.ts';
import { refusal } from './ceremony.ts';
import { startLimit, type AccountRouteParts, type Answer } from './route-parts.ts';
import { recoveryOptionsSchema, recoverySchema } from './schemas.ts';
import type { DeviceProof } from '../protocol/accounts.ts';

export interface RecoveryRoutesDependencies extends AccountRouteParts {
  /** Somebody came in with a recovery code: the account's other devices hear of it. */
  readonly onWaysInChanged: (accountId: AccountId) => Promise<void>;
}

const tryLimit: Limit = { points: limits.recoveryTriesPerDay, perSeconds: 24 * 60 * 60 };

/** Signing in with nothing but the recovery code: its device proves itself, without knowing whose it is. */
export function recoveryRoutes(http: FastifyInstance, parts: RecoveryRoutesDependencies): void {
  const { database, ceremonies, browserSessions, sessions, chains, rateLimit, onWaysInChanged } = parts;

  http.post('/api/recovery/options', async (request, reply): Answer<'POST /api/recovery/options'> => {
    await limitByAddress(rateLimit, 'ceremony:start', request, startLimit);
    const { deviceId } = parseBody(recoveryOptionsSchema, request);
    const { challengeId, challenge } = await ceremonies.begin(request, reply, 'recovery', { subject: deviceId });
    return { challengeId, challenge };
  });

  http.post('/api/recovery', async (request, reply): Answer<'POST /api/recovery'> => {
    const { challengeId, device } = parseBody(recoverySchema, request);
    await limitByAddress(rateLimit, 'recovery:address', request, tryLimit);
    await rateLimit.take('recovery:device', device.deviceId, tryLimit);
    const { challenge, subject } = await ceremonies.take(request, challengeId, ['recovery']);
    if (subject !== device.deviceId) throw refusal("another device's challenge");
    const accountId = await findOwner(device, fromBase64Url(challenge));
    const { deviceId } = device;
    const opened = await sessions.open(database, { accountId, role: 'citizen', deviceId, credentialId: null });
    await onWaysInChanged(accountId);
    return await browserSessions.enter(request, reply, opened);
  });

  /** A device's id names its keys, so that others cannot put it in their chains. */
  const findOwner = async (device: DeviceProof, challenge: Uint8Array): Promise<AccountId> => {
    const candidates = await new AccountStore(database).findByDevice(device.deviceId);
    const known = await chains.load(database, candidates);
    const proof = { deviceId: fromBase64Url(device.deviceId), challenge, signature: fromBase64Url(device.signature) };
    for (const [accountId, chain] of known) {
      try {
        verifyRecoveryProof(chain, proof);
        return accountId;
      } catch (error) {
        if (!(error instanceof CryptoError)) throw error;
      }
    }
    throw refusal('no recovery code of a citizen');
  };
}
