import type { Database } from '../platform/database.ts';
import type { AccountId, InboxId, ProposalId } from '../protocol/ids.ts';

export interface StoredProposal {
  readonly proposalId: ProposalId;
  readonly inboxId: InboxId;
  readonly link: Uint8Array;
  readonly boxes: Uint8Array[];
  readonly proposedBy: AccountId;
  /** Whose signature is asked for. */
  readonly asked: AccountId[];
  readonly proposedAt: Date;
  readonly expiresAt: Date;
}

type Tables = { inboxProposals: StoredProposal };

/** Links that wait for a second person's signature. */
export class ProposalStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  async add(proposal: StoredProposal): Promise<void> {
    await this.#database.insertInto('inboxProposals').values(proposal).execute();
  }

  async find(proposalId: ProposalId): Promise<StoredProposal | null> {
    const row = await this.#database.selectFrom('inboxProposals').selectAll().where('proposalId', '=', proposalId).executeTakeFirst();
    return row ?? null;
  }

  /** Those that have not expired, the first one first. */
  async list(inboxId: InboxId, at: Date): Promise<StoredProposal[]> {
    return await this.#database
      .selectFrom('inboxProposals')
      .selectAll()
      .where('inboxId', '=', inboxId)
      .where('expiresAt', '>', at)
      .orderBy('proposedAt')
      .orderBy('proposalId')
      .execute();
  }

  async remove(proposalId: ProposalId): Promise<void> {
    await this.#database.deleteFrom('inboxProposals').where('proposalId', '=', proposalId).execute();
  }

  /** How many there were. */
  async removeOf(inboxId: InboxId): Promise<number> {
    const { numDeletedRows } = await this.#database.deleteFrom('inboxProposals').where('inboxId', '=', inboxId).executeTakeFirst();
    return Number(numDeletedRows);
  }

  async removeExpired(at: Date): Promise<void> {
    await this.#database.deleteFrom('inboxProposals').where('expiresAt', '<=', at).execute();
  }
}
