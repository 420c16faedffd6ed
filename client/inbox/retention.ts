import type { ErrorCode } from '../../server/protocol/errors.ts';
import type { ConversationId, InboxId } from '../../server/protocol/ids.ts';
import { newestCut } from '../../server/protocol/inbox-state.ts';
import type { CutSurvey, CutView } from '../../server/protocol/retention.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { currentGeneration } from '../../server/protocol/user-state.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { untilAnswered } from '../net/until-answered.ts';
import { buildRotation, type MembershipParts } from './membership.ts';

export interface RetentionState {
  /** `null` while it was not read yet, or there is none. */
  readonly cut: CutView | null;
  /** How far the work has come that this page does; null while it does none. */
  readonly progress: { readonly done: number; readonly total: number } | null;
  /** Cases that stay and could not be sealed to the new key: until they are, nothing is deleted. */
  readonly leftOver: readonly ConversationId[];
  readonly failure: ErrorCode | 'unverified' | null;
}

export interface RetentionOptions {
  readonly parts: MembershipParts;
  readonly request: RequestFunction;
  /** Seals a case to the newest keys. Throws a CryptoError or a RequestError. */
  readonly renewCase: (conversationId: ConversationId) => Promise<void>;
}

/** How often somebody else's link, or a case that wakes up, may come in between. */
const maxTries = 5;

/**
 * Lets old cases of an inbox expire (crypto.md §6, "Retention cut"): a key without the one before, every live case sealed to it, and then
 * the server deletes the rest. Each step may be done twice, and by anybody who leads the team: after a crash it goes on where it was.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #state = new Subject<RetentionState>({ cut: null, progress: null, leftOver: [], failure: null });
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  get state(): Observable<RetentionState> {
    return this.#state;
  }

  get inboxId(): InboxId {
    return this.#options.parts.inboxId;
  }

  /** Reads whether there is an unfinished cut. Never throws. */
  async refresh(): Promise<void> {
    if (this.#running) return;
    await this.#attempt(async () => {
      const { cut } = await this.#options.request('inbox:read-cut', { inboxId: this.inboxId });
      this.#patch({ cut });
    });
  }

  /** What a cut would do now. Throws a CryptoError or a RequestError. */
  async survey(quietSince: number): Promise<CutSurvey> {
    const { inboxChains } = this.#options.parts;
    const generation = currentGeneration(await inboxChains.load(this.inboxId)).generation + 1;
    return await this.#survey({ quietSince, generation }, null);
  }

  /** Makes the cut and sees it through. Resolves when it is done, or `failure` or `leftOver` say why it is not. */
  async begin(quietSince: number): Promise<void> {
    await this.#run(async () => {
      this.#patch({ cut: await this.#cut(quietSince) });
      await this.#finish();
    });
  }

  /** Goes on with an unfinished one. */
  async goOn(): Promise<void> {
    await this.#run(async () => await this.#finish());
  }

  async #run(work: () => Promise<void>): Promise<void> {
    this.#running ??= this.#attempt(async () => {
      this.#patch({ progress: { done: 0, total: 0 }, leftOver: [] });
      await work();
    }).finally(() => {
      this.#running = null;
      this.#patch({ progress: null });
    });
    await this.#running;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.#patch({ failure: null });
    try {
      await work();
    } catch (error) {
      if (error instanceof CryptoError) this.#patch({ failure: 'unverified' });
      else if (error instanceof RequestError) this.#patch({ failure: error.code });
      else throw error;
    }
  }

  async #cut(quietSince: number): Promise<CutView> {
    const { parts, request } = this.#options;
    const { inboxId } = this;
    for (let tries = 1; ; tries += 1) {
      const link = await buildRotation(parts, 'retention_cut');
      try {
        const cut = await this.#ask(async () => await request('inbox:cut', { inboxId, link, quietSince }));
        await parts.inboxChains.load(inboxId, { fresh: true });
        return cut;
      } catch (error) {
        if (!(error instanceof RequestError) || error.code !== 'conflict' || tries === maxTries) throw error;
      }
    }
  }

  async #finish(): Promise<void> {
    const { parts, request } = this.#options;
    const { inboxId } = this;
    // The server's word alone makes nobody seal anything anew: the cut stands in the signed chain.
    const generation = newestCut(await parts.inboxChains.load(inboxId, { fresh: true }));
    const { cut } = await request('inbox:read-cut', { inboxId });
    if (cut === null || cut.generation !== generation)
      throw new CryptoError('unknown_chain', 'the server names another cut than the chain');
    this.#patch({ cut });
    if (cut.forgottenAt !== null) return;
    for (let tries = 1; ; tries += 1) {
      const leftOver = await this.#renewAll(cut);
      this.#patch({ leftOver });
      try {
        this.#patch({ cut: await this.#ask(async () => await request('inbox:forget', { inboxId, generation })), leftOver: [] });
        return;
      } catch (error) {
        if (!(error instanceof RequestError) || error.code !== 'conflict') throw error;
        if (leftOver.length > 0) return;
        // A case has woken up meanwhile: it is taken along too.
        if (tries === maxTries) throw error;
      }
    }
  }

  /** Those that could not be renewed. */
  async #renewAll(cut: CutView): Promise<readonly ConversationId[]> {
    const leftOver: ConversationId[] = [];
    let done = 0;
    for (let after: ConversationId | null = null; ;) {
      const { outstanding, toRenew }: CutSurvey = await this.#survey(cut, after);
      const total = Math.max(done, done - leftOver.length + outstanding);
      this.#patch({ progress: { done, total } });
      const last = toRenew.at(-1);
      if (last === undefined) return leftOver;
      for (const conversationId of toRenew) {
        if (!(await this.#renew(conversationId))) leftOver.push(conversationId);
        done += 1;
        this.#patch({ progress: { done, total } });
      }
      after = last;
    }
  }

  async #renew(conversationId: ConversationId): Promise<boolean> {
    try {
      await this.#options.renewCase(conversationId);
      return true;
    } catch (error) {
      if (error instanceof CryptoError || (error instanceof RequestError && isOfTheCase(error))) return false;
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #ask<Value>(work: () => Promise<Value>): Promise<Value> {
    return await untilAnswered(work, () => !this.#closed);
  }

  async #survey({ quietSince, generation }: Pick<CutView, 'quietSince' | 'generation'>, after: ConversationId | null): Promise<CutSurvey> {
    const { request } = this.#options;
    const { inboxId } = this;
    return await this.#ask(async () => await request('inbox:survey-cut', { inboxId, quietSince, generation, after }));
  }

  #patch(change: Partial<RetentionState>): void {
    this.#state.set({ ...this.#state.value, ...change });
  }
}

/** Says something of this case alone: it was handed over meanwhile, for one. */
function isOfTheCase({ code }: RequestError): boolean {
  return code === 'not_found' || code === 'closed' || code === 'conflict' || code === 'bad_request' || code === 'stale_epoch';
}
