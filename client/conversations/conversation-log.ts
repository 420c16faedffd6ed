import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { Entry, EpochEntry, EventEntry, MessageEntry } from '../../server/protocol/conversations.ts';
import { EnvelopeSequence } from '../../server/protocol/envelope-order.ts';
import { decodeEnvelope, envelopeHash, firstRun, nextRun } from '../../server/protocol/envelope.ts';
import type { Parties } from '../../server/protocol/epoch-rules.ts';
import { type ConversationId, idOf } from '../../server/protocol/ids.ts';
import type { MessageBody } from '../../server/protocol/message-body.ts';
import { CryptoError, equalBytes } from '../../server/protocol/sodium.ts';
import { firstCounter, openEnvelope, type SenderCounter } from '../crypto/envelope.ts';
import { decodeEvent } from './conversation-event.ts';
import { EpochBook } from './epoch-book.ts';
import type { ConversationProblem, EntryProblem } from './items.ts';
import type { OpenedEntry } from './opened-entry.ts';
import type { Reader } from './reader.ts';
import { withFreshChains } from './with-fresh-chains.ts';

export interface ConversationLogOptions {
  readonly conversationId: ConversationId;
  readonly parties: Parties;
  readonly reader: Reader;
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
  readonly #opened: OpenedEntry[] = [];
  readonly #problems = new Set<ConversationProblem['kind']>();
  #ownCounter: SenderCounter = firstCounter;
  #messagesInEpoch = 0;
  /** An epoch did not verify: nobody knows any more who reads what follows. */
  #isBroken = false;

  constructor(options: ConversationLogOptions) {
    this.#options = options;
    const conversationId = fromBase64Url(options.conversationId);
    this.#runs = [firstRun(conversationId)];
    this.#epochs = new EpochBook({ conversationId, parties: options.parties, reader: options.reader });
  }

  /** Position of the last entry taken. */
  get position(): number {
    return this.#entries.length;
  }

  /** Position of the last entry and the run hash there, as messages name it. */
  get seen(): NonNullable<MessageBody['seen']> {
    return { position: this.position, run: this.#runs[this.position] ?? new Uint8Array(32) };
  }

  /** In order. Duplicates are left out. */
  get opened(): readonly OpenedEntry[] {
    return this.#opened;
  }

  get problems(): readonly ConversationProblem[] {
    const missingKeys: ConversationProblem[] = this.#epochs.isMissingKeys ? [{ kind: 'no-keys' }] : [];
    return [...Array.from(this.#problems, (kind) => ({ kind })), ...missingKeys];
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
    return { state: current.state, keys: current.keys, ageMs, messages: this.#messagesInEpoch };
  }

  get isMissingKeys(): boolean {
    return this.#epochs.isMissingKeys;
  }

  /** Takes the entry at the next position. Throws a RequestError when chains could not be fetched; nothing has changed then. */
  async append(entry: Entry): Promise<void> {
    if (entry.position !== this.position + 1) throw new RangeError(`expected position ${this.position + 1}, got ${entry.position}`);
    const outcome = await this.#judge(entry);
    const run = nextRun(this.seen.run, entry.position, envelopeHash(decodeOrEmpty(bytesOf(entry))));
    if (!equalBytes(run, decodeOrEmpty(entry.run))) this.#problems.add('fork');
    this.#entries.push(entry);
    this.#runs.push(run);
    if (outcome) this.#opened.push(outcome);
  }

  /** The same entries verified anew: keys that were missing may be there now. */
  async replayed(): Promise<ConversationLog> {
    const log = new ConversationLog(this.#options);
    for (const entry of this.#entries) await log.append(entry);
    return log;
  }

  async #judge(entry: Entry): Promise<OpenedEntry | null> {
    try {
      if (entry.kind === 'epoch') return await this.#takeEpoch(entry);
      return entry.kind === 'message' ? await this.#openMessage(entry) : openEvent(entry);
    } catch (error) {
      // A RangeError is text that is not base64url: the server's doing, as malformed as the rest.
      if (!(error instanceof CryptoError) && !(error instanceof RangeError)) throw error;
      const problem = problemOf(error);
      if (problem === 'unknown-version') this.#problems.add('unknown-version');
      if (entry.kind === 'epoch') {
        this.#problems.add('bad-epoch');
        this.#isBroken = true;
      }
      return { kind: 'problem', position: entry.position, acceptedAt: entry.acceptedAt, problem };
    }
  }

  async #takeEpoch(entry: EpochEntry): Promise<OpenedEntry> {
    const { epoch } = await this.#epochs.take(entry);
    this.#messagesInEpoch = 0;
    return { kind: 'epoch', position: entry.position, acceptedAt: entry.acceptedAt, epoch };
  }

  async #openMessage(entry: MessageEntry): Promise<OpenedEntry | null> {
    const { reader } = this.#options;
    const { position, acceptedAt } = entry;
    const bytes = fromBase64Url(entry.envelope);
    const { header } = decodeEnvelope(bytes);
    const epoch = this.epoch;
    if (epoch === null || epoch.keys === null)
      return { kind: 'problem', position, acceptedAt, problem: epoch === null ? 'invalid' : 'undecryptable' };
    const { state, keys } = epoch;
    const wanted = { accountIds: [idOf<'account'>(header.senderUser)], inboxIds: [idOf<'inbox'>(state.parties.inboxId)] };
    const { body, hash } = await withFreshChains(reader, wanted, () => openEnvelope(bytes, state, keys, reader.verification));
    const order = this.#sequence.accept(header, hash);
    if (order.verdict === 'duplicate') return null;
    if (order.verdict !== 'next') this.#problems.add(order.verdict);
    const seenRun = body.seen === null || body.seen.position >= position ? undefined : this.#runs[body.seen.position];
    if (body.seen !== null && !(seenRun && equalBytes(seenRun, body.seen.run))) this.#problems.add('fork');
    this.#messagesInEpoch += 1;
    if (equalBytes(header.senderDevice, reader.device.deviceId)) this.#ownCounter = { count: header.deviceCounter, lastHash: hash };
    return { kind: 'message', position, acceptedAt, messageId: idOf(header.messageId), senderId: idOf(header.senderUser), body };
  }
}

function openEvent({ position, acceptedAt, event }: EventEntry): OpenedEntry {
  const decoded = decodeEvent(fromBase64Url(event));
  return decoded
    ? { kind: 'event', position, acceptedAt, event: decoded }
    : { kind: 'problem', position, acceptedAt, problem: 'unknown-version' };
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
