import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AppError } from '../platform/app-error.ts';
import { transaction, violatedConstraint, type Announcement, type Transaction } from '../platform/database.ts';
import { limitByAddress, parseBody } from '../platform/http.ts';
import type { Limit } from '../platform/rate-limit.ts';
import { bytesSchema, chainIdSchema, idSchema } from '../platform/wire-schemas.ts';
import type { CallInviteId, GuestEntry } from '../protocol/calls.ts';
import type { AccountId } from '../protocol/ids.ts';
import { AccountStore } from './account-store.ts';
import type { AccountRouteParts, Answer } from './route-parts.ts';
import { hashToken } from './sessions.ts';

export interface GuestRoutesDependencies extends AccountRouteParts {
  /** Uses a link up for a guest whose account is made on the way, with the name he is called by; null when there is no such link for him. */
  readonly useInvite: (
    within: Transaction,
    guest: {
      readonly inviteId: CallInviteId;
      readonly tokenHash: Uint8Array;
      readonly attemptHash: Uint8Array;
      readonly accountId: AccountId;
    },
    addAccount: (displayName: string) => Promise<void>,
  ) => Promise<Announcement | null>;
}

const guestSchema = z.strictObject({
  inviteId: idSchema<'call invite'>(),
  token: bytesSchema({ minBytes: 32, maxBytes: 32 }),
  accountId: chainIdSchema<'account'>(),
  attempt: bytesSchema({ minBytes: 32, maxBytes: 32 }),
}) satisfies z.ZodType<GuestEntry>;

/** Of one address. */
const entryLimit: Limit = { points: 20, perSeconds: 60 };
/** Of one link, from wherever: its token is 256 random bits, so nobody needs many tries. */
const tryLimit: Limit = { points: 10, perSeconds: 60 };

/** Into a call by a one-time link: an account that lives as long as the call, and a session that can do nothing else. */
export function guestRoutes(http: FastifyInstance, parts: GuestRoutesDependencies): void {
  const { database, browserSessions, sessions, rateLimit, useInvite } = parts;

  http.post('/api/calls/guests', async (request, reply): Answer<'POST /api/calls/guests'> => {
    await limitByAddress(rateLimit, 'guest:enter', request, entryLimit);
    const { inviteId, token, accountId, attempt } = parseBody(guestSchema, request);
    await rateLimit.take('guest:invite', inviteId, tryLimit);
    const { opened, announce } = await transaction(database, async (within) => {
      const guest = { accountId, handle: null, role: 'guest', officeId: null } as const;
      // With the account in it: who repeats an attempt cannot become another guest.
      const attemptHash = hashToken(`${attempt} ${accountId}`);
      const entry = { inviteId, tokenHash: hashToken(token), attemptHash, accountId };
      const announceGuest = await useInvite(within, entry, async (displayName) => {
        await new AccountStore(within).add({ ...guest, displayName });
      }).catch(refuseTaken);
      if (!announceGuest) throw new AppError('invitation_invalid', 'unknown, used, withdrawn or expired');
      const session = await sessions.open(within, { accountId, role: 'guest', deviceId: null, credentialId: null });
      return { opened: session, announce: announceGuest };
    });
    announce();
    return await browserSessions.enter(request, reply, opened);
  });
}

/** A guest's key is new for each link: an account of that name is somebody else's. */
function refuseTaken(error: unknown): null {
  if (violatedConstraint(error) === 'accounts_pkey') return null;
  throw error;
}
