import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Database } from '../platform/database.ts';
import { toBase64Url } from '../protocol/base64url.ts';
import { newId } from '../protocol/ids.ts';
import { refusal } from './ceremony.ts';
import { type Challenge, ChallengeStore, type Purpose } from './challenge-store.ts';
import { bindBrowser, readBrowser } from './cookies.ts';

/** Ceremonies that have begun: each has a challenge that is used once, by the browser and for the purpose it was made for. */
export interface Ceremonies {
  begin(
    request: FastifyRequest,
    reply: FastifyReply,
    purpose: Purpose,
    about?: Partial<Pick<Challenge, 'handle' | 'accountId' | 'tokenHash' | 'subject'>>,
  ): Promise<Challenge>;
  /** Throws `passkey_refused` when there is no such challenge. */
  take(request: FastifyRequest, challengeId: Challenge['challengeId'], purposes: readonly Purpose[]): Promise<Challenge>;
}

export function createCeremonies(options: { readonly database: Database; readonly maxChallengesPerAddress: number }): Ceremonies {
  const challenges = new ChallengeStore(options.database, { maxPerAddress: options.maxChallengesPerAddress });
  return {
    async begin(request, reply, purpose, about = {}) {
      const challenge: Challenge = {
        challengeId: newId<'challenge'>(),
        purpose,
        challenge: toBase64Url(randomBytes(32)),
        browserHash: bindBrowser(request, reply),
        handle: null,
        accountId: null,
        tokenHash: null,
        subject: null,
        ...about,
      };
      await challenges.add(challenge, request.ip);
      return challenge;
    },
    async take(request, challengeId, purposes) {
      const browserHash = readBrowser(request);
      const challenge = browserHash && (await challenges.take(challengeId, purposes, browserHash));
      if (!challenge) throw refusal('no such challenge of this browser');
      return challenge;
    },
  };
}
