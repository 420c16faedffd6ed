import { sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { AccountId, InvitationId, OfficeId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';

export type InvitedRole = 'official' | 'supervisor' | 'admin';

export interface Invitation {
  readonly invitationId: InvitationId;
  readonly role: InvitedRole;
  readonly officeId: OfficeId;
  readonly displayName: string;
}

/** Somebody who has used an invitation. */
export interface EnrolledPerson {
  readonly invitationId: InvitationId;
  readonly accountId: AccountId;
  readonly displayName: string;
  readonly proof: Uint8Array;
}

type Tables = {
  invitations: Invitation & {
    tokenHash: Uint8Array;
    expiresAt: Date;
    usedAt: Date | null;
    accountId: AccountId | null;
    proof: Uint8Array | null;
  };
};

const columns = ['invitationId', 'role', 'officeId', 'displayName'] as const;

/** One-time links for people who work in an office. The server knows the hash of a link's token only. */
export class InvitationStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  /** The moment it expires at; the same invitation twice is one. Null when the id is another invitation's. */
  async add(invitation: Invitation, tokenHash: Uint8Array): Promise<Date | null> {
    const expiresAt = sql<Date>`now() + make_interval(secs => ${limits.invitationMs / 1_000})`;
    await this.#database
      .insertInto('invitations')
      .values({ ...invitation, tokenHash, expiresAt })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const stored = await this.#database
      .selectFrom('invitations')
      .select(['expiresAt', 'tokenHash'])
      .where('invitationId', '=', invitation.invitationId)
      .executeTakeFirst();
    return stored && Buffer.from(stored.tokenHash).equals(tokenHash) ? stored.expiresAt : null;
  }

  /** Null when it is not there, was used, or has expired. */
  async findOpen(tokenHash: Uint8Array): Promise<Invitation | null> {
    const invitation = await this.#database
      .selectFrom('invitations')
      .select(columns)
      .where('tokenHash', '=', tokenHash)
      .where('usedAt', 'is', null)
      .where('expiresAt', '>', sql<Date>`now()`)
      .executeTakeFirst();
    return invitation ?? null;
  }

  /** Uses it up, for this account; of two at the same time one gets it, the other null. */
  async use(tokenHash: Uint8Array, accountId: AccountId, proof: Uint8Array): Promise<Invitation | null> {
    const used = await this.#database
      .updateTable('invitations')
      .set({ usedAt: sql`now()`, accountId, proof })
      .where('tokenHash', '=', tokenHash)
      .where('usedAt', 'is', null)
      .where('expiresAt', '>', sql<Date>`now()`)
      .returning(columns)
      .executeTakeFirst();
    return used ?? null;
  }

  /** Officials who enrolled in an office, the first one first. */
  async findOfficials(officeId: OfficeId): Promise<EnrolledPerson[]> {
    return await this.#database
      .selectFrom('invitations')
      .select(['invitationId', 'displayName'])
      .select((select) => [select.ref('accountId').$notNull().as('accountId'), select.ref('proof').$notNull().as('proof')])
      .where('officeId', '=', officeId)
      .where('role', '=', 'official')
      .where('usedAt', 'is not', null)
      .orderBy('usedAt')
      .execute();
  }
}
