import type { CallMember } from '../../../server/protocol/calls.ts';
import { newId, type AccountId } from '../../../server/protocol/ids.ts';
import { Subject, type Observable } from '../../net/observable.ts';
import type { ChannelMessage } from './channel-message.ts';
import { cleanLine, editsBetween, newLine } from './t140.ts';
import { type LaneSnapshot, maxLineUnits, TextLane, type TextLine } from './text-lane.ts';

export type { TextLine } from './text-lane.ts';

export interface LiveTextOptions {
  /** Whose text is written here. */
  readonly accountId: AccountId;
  /** Sends to all others; nobody hears it while the text is not open. */
  readonly send: (message: ChannelMessage) => void;
  readonly now?: () => number;
}

/** A page of somebody. */
export type WritingPage = Pick<CallMember, 'accountId' | 'peerId'>;

/**
 * Text beside the voice, seen by the others while it is written (ITU-T T.140, RFC 8865), in the order in which lines were begun. It
 * outlives the channel: what was written while it was down goes out when it is open again. Whoever makes it closes it.
 */
export class LiveText {
  readonly #send: (message: ChannelMessage) => void;
  readonly #now: () => number;
  readonly #lines = new Subject<readonly TextLine[]>([]);
  readonly #isOpen = new Subject(false);
  readonly #lanes = new Map<AccountId, TextLane[]>();
  /** Of each person, the page that writes and on what. */
  readonly #writing = new Map<AccountId, { readonly page: WritingPage; readonly lane: TextLane }>();
  #own: TextLane;
  /** The open line as the person sees it. */
  #line = '';
  /** Written, not sent yet. */
  #pending = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sentAt = -Infinity;

  constructor({ accountId, send, now = Date.now }: LiveTextOptions) {
    this.#send = send;
    this.#now = now;
    this.#own = new TextLane({ lane: newId(), accountId, isOwn: true, now });
    this.#lanes.set(accountId, [this.#own]);
  }

  /** Everybody's, the last 200. */
  get lines(): Observable<readonly TextLine[]> {
    return this.#lines;
  }

  /** The end of one's own, as it could be gone on with. */
  get written(): LaneSnapshot {
    return this.#own.snapshot();
  }

  /** Whether the others see at once what is written. */
  get isOpen(): Observable<boolean> {
    return this.#isOpen;
  }

  /** The open line reads this now. */
  setLine(text: string): void {
    const line = cleanLine(text)
      .slice(0, maxLineUnits)
      .replace(/[\ud800-\udbff]$/, '');
    this.#write(editsBetween(this.#line, line));
    this.#line = line;
  }

  /** Closes the line: the next one begins empty. Nothing happens while it is empty. */
  endLine(): void {
    if (this.#line === '') return;
    this.#line = '';
    this.#write(newLine);
  }

  /** Goes on where this page was when it was loaded anew. Nothing happens once something has been written here. */
  resume({ lane, ...text }: LaneSnapshot): void {
    if (this.#own.lines.length > 0) return;
    this.#own = new TextLane({ lane, accountId: this.#own.accountId, isOwn: true, now: this.#now });
    this.#own.restore({ lane, ...text });
    this.#lanes.set(this.#own.accountId, [this.#own]);
    // What was open then is no longer in the field in which one writes.
    if (this.#own.lines.at(-1)?.isOpen === true) this.#own.write(newLine);
    this.#show();
    // The others may have been told of an empty one.
    if (this.#isOpen.value) this.#send({ kind: 'snapshot', snapshot: this.snapshot() });
  }

  /** The end of one's own text, for whoever has come since. It says all that was written: nothing else waits to be sent. */
  snapshot(): LaneSnapshot {
    this.#pending = '';
    return this.#own.snapshot();
  }

  setOpen(isOpen: boolean): void {
    this.#isOpen.set(isOpen);
    if (!isOpen) clearTimeout(this.#timer);
    else this.#flushSoon();
  }

  /** Somebody's text, as it came off his channel. */
  received(page: WritingPage, text: string): void {
    const writing = this.#writing.get(page.accountId);
    // Before the first snapshot of this page of his nobody knows which line this is about; the snapshot will have it.
    if (writing?.page.peerId !== page.peerId) return;
    writing.lane.write(text);
    this.#show();
  }

  restore(page: WritingPage, snapshot: LaneSnapshot): void {
    const { accountId } = page;
    const lanes = this.#lanes.get(accountId) ?? [];
    // What comes back of one's own text is what one has.
    if (lanes.includes(this.#own)) return;
    const known = lanes.find(({ lane }) => lane === snapshot.lane);
    const lane = known ?? new TextLane({ lane: snapshot.lane, accountId, isOwn: false, now: this.#now });
    lane.restore(snapshot);
    this.#writing.set(accountId, { page, lane });
    this.#lanes.set(accountId, [...lanes.filter((other) => other !== lane), lane].slice(-maxLanes));
    this.#show();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#isOpen.set(false);
  }

  #write(edits: string): void {
    if (edits === '') return;
    this.#own.write(edits);
    this.#pending += edits;
    this.#show();
    this.#flushSoon();
  }

  /** The first character at once, what follows it together. */
  #flushSoon(): void {
    if (!this.#isOpen.value || this.#pending === '') return;
    clearTimeout(this.#timer);
    const waitMs = this.#sentAt + flushMs - performance.now();
    if (waitMs > 0) this.#timer = setTimeout(() => this.#flush(), waitMs);
    else this.#flush();
  }

  #flush(): void {
    if (!this.#isOpen.value || this.#pending === '') return;
    const pieces = inPieces(this.#pending);
    this.#pending = '';
    this.#sentAt = performance.now();
    for (const text of pieces) this.#send({ kind: 'text', text });
  }

  #show(): void {
    const all = [...this.#lanes.values()].flat().flatMap(({ lines }) => lines);
    this.#lines.set(all.toSorted((one, other) => one.startedAt - other.startedAt).slice(-maxShown));
  }
}

/** A character is to be seen within 500 ms (EN 301 549 §6.2.4), and a fast typist is not to make a frame of each. */
const flushMs = 100;
const maxShown = 200;
/** Of one person: pages he has written on before he loaded them anew. */
const maxLanes = 4;

/** Not longer than a line each, and no character of them is torn into its halves. */
function inPieces(text: string): readonly string[] {
  const pieces = [''];
  for (const character of text) {
    const last = pieces.at(-1) ?? '';
    if (last.length + character.length > maxLineUnits) pieces.push(character);
    else pieces[pieces.length - 1] = last + character;
  }
  return pieces;
}
