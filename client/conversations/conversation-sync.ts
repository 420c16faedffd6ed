import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { ConversationView, Entry } from '../../server/protocol/conversations.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import { CryptoError, ensure } from '../../server/protocol/sodium.ts';
import type { SenderCounter } from '../crypto/envelope.ts';
import type { RequestFunction } from '../net/request.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import type { ConversationMark, ConversationMarks } from '../storage/conversation-marks.ts';
import type { EntryCache } from '../storage/entry-cache.ts';
import { ConversationLog } from './conversation-log.ts';
import { describeEvidence } from './evidence.ts';
import { HistoryClaims } from './history-claims.ts';
import type { ConversationProblem } from './items.ts';
import { OwnSendings, type Stored } from './own-sendings.ts';
import type { Reader } from './reader.ts';

export interface ConversationSyncOptions {
  readonly conversationId: ConversationId;
  readonly request: RequestFunction;
  readonly reader: Reader;
  readonly cache: EntryCache;
  readonly marks: ConversationMarks;
  /** What the server's receipts must be signed with, as it was pinned. Throws a RequestError on first use. */
  readonly receiptKey: () => Promise<Uint8Array>;
  readonly raise: RaiseAlarm;
  readonly now: () => number;
  /** The log has grown, before it is told. */
  readonly onTaken: () => Promise<void>;
  readonly onChange: () => void;
}

/** After so long without a word from the server, what it has may be older than the chains known here. */
const liveMs = 60_000;

/**
 * The log of one conversation as this device keeps it: loads what it has kept, pulls what is missing, takes hints. Holds the server to
 * what it has once shown or signed for.
 */
export class ConversationSync {
  readonly #options: ConversationSyncOptions;
  readonly #problems = new Set<'gap' | 'rollback' | 'receipt'>();
  readonly #claims: HistoryClaims;
  readonly #sendings: OwnSendings;
  #view: ConversationView | null = null;
  #log: ConversationLog | null = null;
  #mark: ConversationMark | null = null;
  #caughtUpAt = -Infinity;
  #isCaughtUp = false;
  /** Everything that touches the log, one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  /** A pull that is waiting for its turn: whoever needs one that starts from now on can share it. */
  #nextPull: Promise<void> | null = null;

  constructor(options: ConversationSyncOptions) {
    this.#options = options;
    this.#sendings = new OwnSendings(options);
    this.#claims = new HistoryClaims({ onContradiction: () => this.#raise() });
  }

  get view(): ConversationView | null {
    return this.#view;
  }

  get log(): ConversationLog | null {
    return this.#log;
  }

  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  get problems(): readonly ConversationProblem[] {
    return Array.from(this.#problems, (kind) => ({ kind }));
  }

  /** Who could read when the person last looked; null before the first look, or while that is being read. */
  get readersSeen(): ConversationMark['readersSeen'] {
    return this.#mark?.readersSeen ?? null;
  }

  /** Read positions only go forward: a view may be older than what was read since. */
  setView(view: ConversationView): void {
    const known = this.#view;
    this.#view = {
      ...view,
      readPosition: Math.max(view.readPosition, known?.readPosition ?? 0),
      otherReadPosition: Math.max(view.otherReadPosition, known?.otherReadPosition ?? 0),
    };
  }

  patchView(change: Partial<ConversationView>): void {
    if (this.#view) this.#view = { ...this.#view, ...change };
  }

  /** Shows what this device has kept. */
  async loadKept(): Promise<void> {
    await this.#enqueue(async () => {
      const { cache, marks, conversationId } = this.#options;
      this.#mark = await marks.load(conversationId);
      const { head, receipt } = this.#mark;
      if (head) this.#claims.add(head, 'not-as-seen', this.#log);
      if (receipt) this.#claims.add(receipt, 'not-as-signed', this.#log);
      const view = await cache.loadView(conversationId);
      if (!view) return;
      this.setView(view);
      this.#log ??= this.#newLog(view);
      for (const entry of await cache.list(conversationId)) {
        if (entry.position !== this.#log.position + 1) break;
        await this.#append(this.#log, entry, 'past');
      }
      if (this.#log.hasFoundKeys) await this.#readAnew(this.#log);
    });
    this.#options.onChange();
  }

  /** Takes what a hint brought, where it follows. */
  async take(entries: readonly Entry[]): Promise<void> {
    await this.#enqueue(async () => await this.#take(entries, this.#isCaughtUp ? 'now' : 'past'));
  }

  /** Resolves when everything the server had when this was called has been taken. Throws a RequestError. */
  async catchUp(): Promise<void> {
    this.#nextPull ??= this.#enqueue(async () => {
      this.#nextPull = null;
      await this.#pull();
    });
    await this.#nextPull;
  }

  /** Keys or members have changed: what could not be opened is tried again. */
  async tryAgain(): Promise<void> {
    await this.#enqueue(async () => {
      if (this.#log?.isMissingKeys) await this.#readAnew(this.#log);
    });
  }

  /** Old keys are gone from everywhere: what only they opened is closed here too. */
  async forgetKeys(): Promise<void> {
    await this.#enqueue(async () => {
      if (this.#log) this.#show(await this.#log.forgotten());
    });
  }

  /** Where this device's own envelopes stand. */
  get ownCounter(): SenderCounter {
    return this.#sendings.counter(this.#log);
  }

  /** Whether this page knows of everything this device has sent. Under the lock of the outbox. */
  async knowsOwn(): Promise<boolean> {
    return this.#isCaughtUp && (await this.#sendings.areKnown(this.#log));
  }

  /** A conversation that this page has just begun: its first entry is the epoch it made itself. */
  async begin(view: ConversationView, entry: Entry): Promise<void> {
    await this.#enqueue(async () => {
      this.setView(view);
      this.#log ??= this.#newLog(view);
      await this.#take([entry], 'now');
      this.#isCaughtUp = this.#log.position >= view.head;
    });
    this.#options.onChange();
  }

  /** Keeps the server's word for a message it has stored. Throws a CryptoError when it is none: then nothing counts as stored. */
  async acceptReceipt(envelope: Uint8Array, stored: Stored): Promise<void> {
    try {
      await this.#sendings.accept(envelope, stored);
    } catch (error) {
      if (error instanceof CryptoError) {
        this.#problems.add('receipt');
        this.#raise();
      }
      throw error;
    }
    this.#claims.add({ position: stored.position, run: stored.receipt.run }, 'not-as-signed', this.#log);
  }

  /** The person has looked at who reads. */
  async markReadersSeen(): Promise<void> {
    const epoch = this.#log?.epoch;
    const readers = epoch && this.#options.reader.readersNow(epoch.state);
    if (!readers) return;
    this.#mark = await this.#options.marks.save(this.#options.conversationId, {
      readersSeen: readers.officials.map(({ accountId }) => accountId),
    });
    this.#options.onChange();
  }

  /** What is to be kept when the server contradicts itself, for somebody who can look into it. Throws a RequestError. */
  async exportEvidence(): Promise<string> {
    const { conversationId, marks, receiptKey, now } = this.#options;
    const log = this.#log;
    const [mark, key] = [await marks.load(conversationId), await receiptKey()];
    const shown = { log, head: this.#view?.head ?? null, runs: log ? this.#claims.shownBy(log) : [] };
    return describeEvidence({ conversationId, mark, receiptKey: key, ...shown, problems: this.problems, at: now() });
  }

  /** The server shows something else than it had signed for. */
  contradict(): void {
    this.#log?.warn(null, { kind: 'not-as-signed' });
    this.#raise();
  }

  async #enqueue<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#queue.then(work, work);
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  async #pull(): Promise<void> {
    const { conversationId, request, now } = this.#options;
    const arrives = now() - this.#caughtUpAt < liveMs ? 'now' : 'past';
    for (let promised = 0; ;) {
      const after = this.#log?.position ?? 0;
      const { conversation, entries } = await request('conversation:pull', { conversationId, after });
      ensure(entries.length <= limits.entriesPerPage, 'malformed', 'more entries than a page holds');
      this.setView(conversation);
      this.#log ??= this.#newLog(conversation);
      if (conversation.head < Math.max(after, this.#mark?.head?.position ?? 0)) {
        this.#problems.add('rollback');
        this.#raise();
      }
      await this.#take(entries, arrives);
      if (this.#log.position >= conversation.head) break;
      // The head may have moved while the page was read: an entry is missing only when it was promised before it was asked for.
      if (this.#log.position === after && promised > after) {
        this.#problems.add('gap');
        break;
      }
      promised = conversation.head;
    }
    this.#caughtUpAt = now();
    this.#isCaughtUp = true;
    this.#options.onChange();
  }

  /** Takes those that follow, in order; others are known already or will be pulled. */
  async #take(entries: readonly Entry[], arrives: 'past' | 'now'): Promise<void> {
    const { conversationId, cache, marks, onTaken, onChange } = this.#options;
    const before = this.#log;
    if (!before) return;
    const refusedBefore = before.refused.length;
    const taken: Entry[] = [];
    for (const entry of entries.toSorted((one, other) => one.position - other.position)) {
      if (entry.position !== before.position + 1) continue;
      await this.#append(before, entry, arrives);
      taken.push(entry);
    }
    const last = taken.at(-1);
    if (!last || !this.#view) return;
    const log = before.hasFoundKeys ? await this.#readAnew(before) : before;
    const { head, lastActivityAt } = this.#view;
    this.patchView({ head: Math.max(head, last.position), lastActivityAt: Math.max(lastActivityAt, last.acceptedAt) });
    // What does not fit is not kept: the next page asks for it again, and may be told the truth.
    const sound = log.sound;
    await cache.add(
      conversationId,
      taken.filter(({ position }) => position <= sound.position),
    );
    await cache.saveView(this.#view);
    this.#mark = await marks.save(conversationId, {
      head: { position: sound.position, run: toBase64Url(sound.run) },
      ...(log.refused.length > refusedBefore ? { refused: log.refused } : {}),
    });
    await onTaken();
    onChange();
  }

  async #append(log: ConversationLog, entry: Entry, arrives: 'past' | 'now'): Promise<void> {
    await log.append(entry, arrives);
    this.#claims.check(log, entry.position);
  }

  /** What could not be opened when it came may be by now: keys have come, or a later epoch has brought those of earlier ones. */
  async #readAnew(log: ConversationLog): Promise<ConversationLog> {
    return this.#show(await log.replayed());
  }

  #show(anew: ConversationLog): ConversationLog {
    this.#claims.checkAll(anew);
    this.#log = anew;
    return anew;
  }

  #raise(): void {
    this.#options.raise({ kind: 'history-changed', id: this.#options.conversationId });
  }

  #newLog(view: ConversationView): ConversationLog {
    const parties = { citizenId: fromBase64Url(view.citizenId), inboxId: fromBase64Url(view.inboxId) };
    const { conversationId, reader } = this.#options;
    return new ConversationLog({ conversationId, parties, reader, refused: this.#mark?.refused ?? [] });
  }
}
