import { AppError } from '../platform/app-error.ts';
import { type Database, transaction } from '../platform/database.ts';
import { fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import type { AccountId, InboxId, ProposalId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Proposal, SignedLink } from '../protocol/offices.ts';
import { equalBytes } from '../protocol/sodium.ts';
import type { Inboxes, LinkSigner } from './inboxes.ts';
import { ProposalStore } from './proposal-store.ts';

export interface ProposalsDependencies {
  readonly database: Database;
  readonly inboxes: Inboxes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** More than a team looks through; a link follows one head, so all but one are void in the end. */
const maxProposals = 20;

/** Links of inbox chains that need a second person (crypto.md §5.1): kept until he has signed, or the chain has moved on. */
export class Proposals {
  readonly #dependencies: ProposalsDependencies;

  constructor(dependencies: ProposalsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Everything about the link holds but the signatures that are still missing. The same proposal twice is one. */
  async add(proposalId: ProposalId, inboxId: InboxId, signed: SignedLink, signer: LinkSigner): Promise<{ expiresAt: number }> {
    const { database, inboxes, now } = this.#dependencies;
    const link = fromBase64Url(signed.link);
    return await transaction(database, async (trx) => {
      const store = new ProposalStore(trx);
      const known = await store.find(proposalId);
      if (known) {
        if (known.inboxId === inboxId && equalBytes(known.link, link)) return { expiresAt: known.expiresAt.getTime() };
        throw new AppError('conflict', "the id is another proposal's");
      }
      const { asked } = await inboxes.preview(trx, inboxId, signed, signer);
      const at = new Date(now());
      await store.removeExpired(at);
      if ((await store.list(inboxId, at)).length >= maxProposals) throw new AppError('bad_state', 'too many proposals');
      const expiresAt = new Date(at.getTime() + limits.proposalMs);
      const boxes = signed.boxes.map(fromBase64Url);
      await store.add({ proposalId, inboxId, link, boxes, proposedBy: signer.accountId, asked: [...asked], proposedAt: at, expiresAt });
      return { expiresAt: expiresAt.getTime() };
    });
  }

  async list(inboxId: InboxId): Promise<Proposal[]> {
    const { database, now } = this.#dependencies;
    const stored = await new ProposalStore(database).list(inboxId, new Date(now()));
    return stored.map(({ proposalId, link, boxes, proposedBy, proposedAt }) => ({
      proposalId,
      link: { link: toBase64Url(link), boxes: boxes.map(toBase64Url), previousBox: null },
      proposedBy,
      proposedAt: proposedAt.getTime(),
    }));
  }

  /** The inbox it was for; null when it is not there any more. */
  async withdraw(proposalId: ProposalId, accountId: AccountId): Promise<InboxId | null> {
    const store = new ProposalStore(this.#dependencies.database);
    const proposal = await store.find(proposalId);
    if (!proposal) return null;
    if (proposal.proposedBy !== accountId && !proposal.asked.includes(accountId))
      throw new AppError('not_found', 'no such proposal for the caller');
    await store.remove(proposalId);
    return proposal.inboxId;
  }
}
