import { AppError } from '../platform/app-error.ts';
import { type Database, type Transaction, transaction } from '../platform/database.ts';
import { verified } from '../platform/verified.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { ConversationId, InboxId } from '../protocol/ids.ts';
import { decodeInboxBody } from '../protocol/inbox-bodies.ts';
import { isCut } from '../protocol/inbox-state.ts';
import { decodeLink } from '../protocol/link.ts';
import type { SignedLink } from '../protocol/offices.ts';
import type { CutSurvey, CutView } from '../protocol/retention.ts';
import { CutStore, type StoredCut } from './cut-store.ts';
import type { InboxChains } from './inbox-chains.ts';
import { InboxStore } from './inbox-store.ts';
import type { Inboxes, LinkSigner } from './inboxes.ts';

export interface CutPlace {
  readonly inboxId: InboxId;
  readonly quietSince: Date;
  readonly generation: number;
}

/** The cases of an inbox, as a cut sees them. */
export interface InboxCases {
  readonly survey: (database: Database, place: CutPlace, after: ConversationId | null) => Promise<CutSurvey>;
  /** Deletes what the office could open expired cases with, and what the keys of before were sealed to. */
  readonly forget: (trx: Transaction, place: CutPlace) => Promise<void>;
}

export interface CutsDependencies {
  readonly database: Database;
  readonly inboxes: Inboxes;
  readonly chains: InboxChains;
  readonly cases: InboxCases;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Retention cuts (crypto.md §6): a key without the one before, live cases sealed to it, and then the rest forgotten. */
export class Cuts {
  readonly #dependencies: CutsDependencies;

  constructor(dependencies: CutsDependencies) {
    this.#dependencies = dependencies;
  }

  async findNewest(inboxId: InboxId): Promise<CutView | null> {
    const cut = await new CutStore(this.#dependencies.database).findNewest(inboxId);
    return cut && viewOf(cut);
  }

  /** The link and what is to stay, in one commit. The same link twice is one cut. */
  async begin(inboxId: InboxId, link: SignedLink, quietSince: number, signer: LinkSigner): Promise<CutView> {
    const { database, inboxes, now } = this.#dependencies;
    const generation = cutIn(link);
    if (quietSince > now()) throw new AppError('bad_request', 'quiet since a moment that is to come');
    const { cut, announce } = await transaction(database, async (trx) => {
      const told = await inboxes.appendWithin(trx, inboxId, link, signer);
      const store = new CutStore(trx);
      const newest = await store.findNewest(inboxId);
      if (newest?.generation === generation) return { cut: newest, announce: told };
      if (newest?.forgottenAt === null) throw new AppError('bad_state', 'another cut is unfinished');
      const begun: StoredCut = {
        inboxId,
        generation,
        quietSince: new Date(quietSince),
        askedBy: signer.accountId,
        begunAt: new Date(now()),
        forgottenAt: null,
      };
      await store.add(begun);
      return { cut: begun, announce: told };
    });
    await announce();
    return viewOf(cut);
  }

  async survey({ quietSince, ...place }: Omit<CutPlace, 'quietSince'> & { quietSince: number; after: ConversationId | null }) {
    const { database, cases } = this.#dependencies;
    return await cases.survey(database, { ...place, quietSince: new Date(quietSince) }, place.after);
  }

  /** Everything or nothing, while nobody seals anything to the inbox. `isNew`: there was still something to forget. */
  async forget(inboxId: InboxId, generation: number): Promise<{ cut: CutView; isNew: boolean }> {
    const { database, chains, cases, now } = this.#dependencies;
    return await transaction(database, async (trx) => {
      const isThere = await new InboxStore(trx).lock(inboxId, 'update');
      const chain = isThere ? await chains.load(trx, inboxId) : null;
      const published = chain?.generations[generation - 1];
      const store = new CutStore(trx);
      const cut = await store.findNewest(inboxId);
      if (published === undefined || !isCut(published) || cut?.generation !== generation)
        throw new AppError('not_found', 'no such cut, or not the newest one');
      if (cut.forgottenAt !== null) return { cut: viewOf(cut), isNew: false };
      const { toRenew } = await cases.survey(trx, cut, null);
      if (toRenew.length > 0) throw new AppError('conflict', 'a case that stays is sealed to older keys');
      await cases.forget(trx, cut);
      await store.removeSeedsBefore(inboxId, generation);
      const forgottenAt = new Date(now());
      await store.finish(inboxId, generation, forgottenAt);
      return { cut: viewOf({ ...cut, forgottenAt }), isNew: true };
    });
  }
}

/** Which generation the link begins; `bad_request` when it is no retention cut. */
function cutIn({ link }: SignedLink): number {
  const content = verified(() => {
    const { outer, body } = decodeLink(fromBase64Url(link));
    return decodeInboxBody(outer.type, body ?? new Uint8Array());
  });
  if (content.type !== 'rotate_ptk' || content.reason !== 'retention_cut') throw new AppError('bad_request', 'no retention cut');
  return content.ptk.generation;
}

function viewOf({ generation, quietSince, forgottenAt }: StoredCut): CutView {
  return { generation, quietSince: quietSince.getTime(), forgottenAt: forgottenAt?.getTime() ?? null };
}
