import { sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { Base64Url } from '../protocol/base64url.ts';
import type { AccountId, ChallengeId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';

export type Purpose =
  | 'registration'
  | 'addition'
  | 'link'
  | 'reset'
  | 'authentication'
  | 'confirmation'
  | 'device'
  | 'binding'
  | 'recovery';

export interface Challenge {
  readonly challengeId: ChallengeId;
  readonly purpose: Purpose;
  /** 32 random bytes. */
  readonly challenge: Base64Url;
  readonly browserHash: Uint8Array;
  /** WebAuthn user handle of the account to be, or that gets one more passkey. */
  readonly handle: Uint8Array | null;
  /** Whose passkey or device is asked for, where that is known before. */
  readonly accountId: AccountId | null;
  /** Of the invitation the registration is for. */
  readonly tokenHash: Uint8Array | null;
  /** The session it is for, the link or the reset it follows, the device that recovers. */
  readonly subject: string | null;
}

type Tables = { challenges: Challenge & { address: string; expiresAt: Date } };

/** Challenges of ceremonies that have begun and not ended. In SQL, so that one that was taken stays taken (reliability.md R06). */
export class ChallengeStore {
  readonly #database;
  readonly #maxPerAddress: number;

  constructor(database: Database, { maxPerAddress }: { maxPerAddress: number }) {
    this.#database = database.withTables<Tables>();
    this.#maxPerAddress = maxPerAddress;
  }

  /** Of one address only the newest are kept: a flood drives out its own, and nobody is locked out (K16). */
  async add(challenge: Challenge, address: string): Promise<void> {
    const expiresAt = sql<Date>`now() + make_interval(secs => ${limits.challengeMs / 1_000})`;
    await this.#database
      .insertInto('challenges')
      .values({ ...challenge, address, expiresAt })
      .execute();
    await sql`
      delete from challenges where expires_at <= now() or challenge_id in (
        select challenge_id from challenges where address = ${address} order by expires_at desc offset ${this.#maxPerAddress}
      )`.execute(this.#database);
  }

  /** Takes the challenge away for good, or nothing: if it is not there, has expired, or is another browser's or ceremony's. */
  async take(challengeId: ChallengeId, purposes: readonly Purpose[], browserHash: Uint8Array): Promise<Challenge | null> {
    const taken = await this.#database
      .deleteFrom('challenges')
      .where('challengeId', '=', challengeId)
      .where('purpose', 'in', purposes)
      .where('browserHash', '=', browserHash)
      .where('expiresAt', '>', sql<Date>`now()`)
      .returning(['challengeId', 'purpose', 'challenge', 'browserHash', 'handle', 'accountId', 'tokenHash', 'subject'])
      .executeTakeFirst();
    return taken ?? null;
  }
}
