import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { Entry, EpochEntry, EventEntry, MessageEntry } from '../../server/protocol/conversations.ts';
import { EnvelopeSequence } from '../../server/protocol/envelope-order.ts';
import { decodeEnvelope, envelopeHash, firstRun, type MessageHeader, nextRun } from '../../server/protocol/envelope.ts';
import type { Parties } from '../../server/protocol/epoch-rules.ts';
import { type AccountId, type ConversationId, idOf } from '../../server/protocol/ids.ts';
import type { MessageBody, Seen } from '../../server/protocol/message-body.ts';
import { CryptoError, equalBytes } from '../../server/protocol/sodium.ts';
import { firstCounter, openEnvelope, type SenderCounter } from '../crypto/envelope.ts';
import { type EpochKeys, wipeEpoch } from '../crypto/epoch-keys.ts';
import { decodeEvent } from './conversation-event.ts';
import { EpochBook } from './epoch-book.ts';
import type { EntryProblem } from './items.ts';
import { isActiveSender } from './live-sender.ts';
import type { LogWarning, OpenedEntry } from './opened-entry.ts';
import type { Reader } from './reader.ts';
import { withFreshChains } from './with-fresh-chains.ts';

export interface ConversationLogOptions {
  readonly conversationId: ConversationId;
  readonly parties: Parties;
  readonly reader: Reader;
  /** Positions that were refused when they arrived. */
  readonly refused?: Iterable<number>;
  /** Keys that an earlier reading of the same entries found (epoch-book.ts). */
  readonly foundKeys?: ReadonlyMap<string, EpochKeys>;
}

/** How old chains may be that judge what arrives just now: a burst of messages asks once. */
const freshMs = 10_000;

export interface InForce {
  readonly parties: Parties;
  readonly epochLinks: readonly Uint8Array[];
}

/**
 * One conversation's entries in the order of their positions, each verified against all before it: epoch links, envelopes with their
 * counters, the run hash. What does not verify is noted and shown as such; it never stops the rest.
 */
export class ConversationLog {
  readonly #options: ConversationLogOptions;
  readonly #entries: Entry[] = [];
  /** Run hash before position n + 1, at n. */
  readonly #runs: Uint8Array[];
  readonly #epochs: EpochBook;
  readonly #sequence = new EnvelopeSequence();
  /** When the last message of a device was accepted. */
  readonly #lastOf = new Map<string, number>();
  readonly #opened: OpenedEntry[] = [];
  readonly #refused: Set<number>;
  #ownCounter: SenderCounter = firstCounter;
  /** Everything before this position fits. */
  #firstMisfit = Infinity;
  #messagesInEpoch = 0;
  /** An epoch did not verify: nobody knows any more who reads what follows. */
  #isBroken = false;

  constructor(options: ConversationLogOptions) {
    this.#options = options;
    const conversationId = fromBase64Url(options.conversationId);
    this.#runs = [firstRun(conversationId)];
    const { parties, reader, foundKeys = new Map() } = options;
    this.#epochs = new EpochBook({ conversationId, parties, reader, foundKeys });
    this.#refused = new Set(options.refused);
  }

  /** Position of the last entry taken. */
  get position(): number {
    return this.#entries.length;
  }

  /** Position of the last entry and the run hash there, as messages name it. */
  get seen(): Seen {
    return { position: this.position, run: this.#runs[this.position] ?? new Uint8Array(32) };
  }

  /** The run hash at a position, by this device's own reckoning; undefined where it has not come to. */
  runAt(position: number): Uint8Array | undefined {
    return this.#runs[position];
  }

  /** As the server gave them. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** In order. Duplicates are left out. */
  get opened(): readonly OpenedEntry[] {
    return this.#opened;
  }

  /** An epoch did not pass: nothing after it can be trusted, or sent. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** How far everything fits: what follows may be a lie, and is asked for again by the next page. */
  get sound(): Seen {
    const position = Math.min(this.position, this.#firstMisfit - 1);
    return { position, run: this.#runs[position] ?? new Uint8Array(32) };
  }

  /** Messages that came from a device which had been revoked by then. */
  get refused(): readonly number[] {
    return Array.from(this.#refused);
  }

  /** Where this device's own envelopes stand. */
  get ownCounter(): SenderCounter {
    return this.#ownCounter;
  }

  /** The epoch in force after the last entry, or null when none is: then nothing can be sent. */
  get epoch() {
    const current = this.#epochs.current;
    if (current === null || this.#isBroken) return null;
    // By the server's clock alone: this device's may be wrong by years.
    const ageMs = (this.#entries.at(-1)?.acceptedAt ?? 0) - current.entry.acceptedAt;
    return { state: current.state, keys: current.keys, since: current.entry.acceptedAt, ageMs, messages: this.#messagesInEpoch };
  }

  /** Whose it is by the epoch in force, and the links of the newest epochs, the newest first: what a call may hang on. */
  get inForce(): InForce | null {
    return this.epoch && { parties: this.epoch.state.parties, epochLinks: this.#epochs.links.slice(0, 2) };
  }

  get isMissingKeys(): boolean {
    return this.#epochs.isMissingKeys;
  }

  /** What could not be opened when it came can be by now: the log is to be replayed. */
  get hasFoundKeys(): boolean {
    return this.#epochs.hasFoundKeys;
  }

  /**
   * Takes the entry at the next position. `arrives` now: not from a history that may be old, so its sender must be active still.
   * Throws a RequestError when chains could not be fetched; nothing has changed then.
   */
  async append(entry: Entry, arrives: 'past' | 'now' = 'past'): Promise<void> {
    if (entry.position !== this.position + 1) throw new RangeError(`expected position ${this.position + 1}, got ${entry.position}`);
    const outcome = await this.#judge(entry, arrives);
    const run = nextRun(this.seen.run, entry.position, envelopeHash(decodeOrEmpty(bytesOf(entry))));
    if (!equalBytes(run, decodeOrEmpty(entry.run))) this.warn(entry, { kind: 'inconsistent' });
    this.#entries.push(entry);
    this.#runs.push(run);
    if (outcome) this.#opened.push(outcome);
  }

  /** Something does not fit at the place of this entry, or, without one, at the end. */
  warn(at: Pick<Entry, 'position' | 'acceptedAt'> | null, warning: LogWarning): void {
    const { position, acceptedAt } = at ?? { position: this.position, acceptedAt: this.#entries.at(-1)?.acceptedAt ?? 0 };
    const isKnown = this.#opened.some(
      (entry) => entry.kind === 'warning' && entry.position === position && !('senderId' in warning) && entry.warning.kind === warning.kind,
    );
    if (!isKnown) this.#opened.push({ kind: 'warning', position, acceptedAt, warning });
    this.#misfit(position);
  }

  /** The same entries verified anew: keys that were missing may be there now. */
  async replayed(): Promise<ConversationLog> {
    const log = new ConversationLog({ ...this.#options, refused: this.#refused, foundKeys: this.#epochs.keys });
    for (const entry of this.#entries) await log.append(entry);
    return log;
  }

  /** The same with the keys there are now alone; those of epochs that no longer open are overwritten. */
  async forgotten(): Promise<ConversationLog> {
    let log = new ConversationLog({ ...this.#options, refused: this.#refused, foundKeys: new Map() });
    for (const entry of this.#entries) await log.append(entry);
    if (log.hasFoundKeys) log = await log.replayed();
    const kept = log.#epochs.keys;
    for (const [linkHash, keys] of this.#epochs.keys) if (!kept.has(linkHash)) wipeEpoch(keys);
    return log;
  }

  #misfit(position: number): void {
    this.#firstMisfit = Math.min(this.#firstMisfit, position);
  }

  async #judge(entry: Entry, arrives: 'past' | 'now'): Promise<OpenedEntry | null> {
    try {
      if (entry.kind === 'epoch') return await this.#takeEpoch(entry);
      return entry.kind === 'message' ? await this.#openMessage(entry, arrives) : openEvent(entry);
    } catch (error) {
      // A RangeError is text that is not base64url: the server's doing, as malformed as the rest.
      if (!(error instanceof CryptoError) && !(error instanceof RangeError)) throw error;
      if (entry.kind === 'epoch') this.#isBroken = true;
      this.#misfit(entry.position);
      return problemAt(entry, problemOf(error));
    }
  }

  async #takeEpoch(entry: EpochEntry): Promise<OpenedEntry> {
    const previous = this.#epochs.current?.state ?? null;
    const state = await this.#epochs.take(entry);
    this.#messagesInEpoch = 0;
    return { kind: 'epoch', position: entry.position, acceptedAt: entry.acceptedAt, state, previous };
  }

  async #openMessage(entry: MessageEntry, arrives: 'past' | 'now'): Promise<OpenedEntry | null> {
    const { reader } = this.#options;
    const { position, acceptedAt } = entry;
    const bytes = fromBase64Url(entry.envelope);
    const { header } = decodeEnvelope(bytes);
    const epoch = this.epoch;
    if (epoch === null) this.#misfit(position);
    if (epoch === null || epoch.keys === null) return problemAt(entry, epoch === null ? 'invalid' : 'undecryptable');
    const { state, keys } = epoch;
    const isOwn = equalBytes(header.senderDevice, reader.device.deviceId);
    const wanted = { accountIds: [idOf<'account'>(header.senderUser)], inboxIds: [idOf<'inbox'>(state.parties.inboxId)] };
    if (arrives === 'now' && !isOwn) await reader.loadChains(wanted, { maxAgeMs: freshMs });
    const { body, hash } = await withFreshChains(reader, wanted, () => openEnvelope(bytes, state, keys, reader.verification));
    if (arrives === 'now' && !isOwn && !isActiveSender(header, state.parties, reader.verification)) this.#refused.add(position);
    if (this.#refused.has(position)) return problemAt(entry, 'revoked');
    if (!this.#takeInOrder(entry, header, hash, body)) return null;
    this.#messagesInEpoch += 1;
    if (isOwn) this.#ownCounter = { count: header.deviceCounter, lastHash: hash };
    return { kind: 'message', position, acceptedAt, messageId: idOf(header.messageId), senderId: idOf(header.senderUser), body };
  }

  /** Counts and cross-checks what verified; false for a duplicate. */
  #takeInOrder(entry: MessageEntry, header: MessageHeader, hash: Uint8Array, { seen }: MessageBody): boolean {
    const senderId: AccountId = idOf(header.senderUser);
    const device = String(header.senderDevice);
    const order = this.#sequence.accept(header, hash);
    if (order.verdict === 'duplicate') {
      this.#misfit(entry.position);
      return false;
    }
    if (order.verdict === 'gap')
      this.warn(entry, { kind: 'missing', senderId, count: order.missing, since: this.#lastOf.get(device) ?? null });
    if (order.verdict === 'fork') this.warn(entry, { kind: 'out-of-order', senderId });
    this.#lastOf.set(device, entry.acceptedAt);
    const ownRun = seen === null || seen.position >= entry.position ? undefined : this.#runs[seen.position];
    if (seen !== null && !(ownRun && equalBytes(ownRun, seen.run))) this.warn(entry, { kind: 'other-history', senderId });
    return true;
  }
}

function openEvent(entry: EventEntry): OpenedEntry {
  const decoded = decodeEvent(fromBase64Url(entry.event));
  if (decoded === null) return problemAt(entry, 'unknown-version');
  return { kind: 'event', position: entry.position, acceptedAt: entry.acceptedAt, event: decoded };
}

function problemAt({ position, acceptedAt }: Entry, problem: EntryProblem): OpenedEntry {
  return { kind: 'problem', position, acceptedAt, problem };
}

/** Text that is not base64url has been judged already; here it only must not fit. */
function decodeOrEmpty(text: string): Uint8Array {
  try {
    return fromBase64Url(text);
  } catch {
    return new Uint8Array();
  }
}

/** What enters the run hash. */
function bytesOf(entry: Entry): string {
  if (entry.kind === 'epoch') return entry.link;
  return entry.kind === 'message' ? entry.envelope : entry.event;
}

function problemOf(error: CryptoError | RangeError): EntryProblem {
  if (!(error instanceof CryptoError)) return 'invalid';
  if (error.code === 'unsupported') return 'unknown-version';
  return error.code === 'cannot_open' ? 'undecryptable' : 'invalid';
}
