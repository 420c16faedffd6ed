import type { AccountId } from '../../../server/protocol/ids.ts';
import { applyT140, newLine } from './t140.ts';

/** A line of live text, as far as it is written. */
export interface TextLine {
  /** Stays the same while the line changes, and over a rejoin. */
  readonly id: string;
  readonly accountId: AccountId;
  readonly isOwn: boolean;
  readonly text: string;
  /** When its first character came here, milliseconds since 1970. */
  readonly startedAt: number;
  /** Still being written. */
  readonly isOpen: boolean;
}

/** The end of somebody's text, for whoever has come since: the lines from number `first`, with how long ago each was begun. */
export interface LaneSnapshot {
  /** Chosen by the writing page when it was loaded. */
  readonly lane: string;
  readonly first: number;
  readonly lines: readonly { readonly text: string; readonly ageMs: number }[];
}

interface Line {
  readonly text: string;
  readonly startedAt: number;
}

/** What one page of one person has written. The last line is the open one; while it is empty nothing of it is shown. */
export class TextLane {
  readonly lane: string;
  readonly accountId: AccountId;
  readonly #isOwn: boolean;
  readonly #now: () => number;
  /** Number of `#lines[0]`: earlier ones have been dropped. */
  #first = 0;
  #lines: Line[] = [];

  constructor(options: { readonly lane: string; readonly accountId: AccountId; readonly isOwn: boolean; readonly now: () => number }) {
    this.lane = options.lane;
    this.accountId = options.accountId;
    this.#isOwn = options.isOwn;
    this.#now = options.now;
  }

  /** The lines that have something in them. */
  get lines(): readonly TextLine[] {
    const last = this.#lines.length - 1;
    return this.#lines.flatMap(({ text, startedAt }, index) => {
      if (text === '') return [];
      const id = `${this.accountId} ${this.lane} ${this.#first + index}`;
      return [{ id, accountId: this.accountId, isOwn: this.#isOwn, text, startedAt, isOpen: index === last }];
    });
  }

  /** T.140 text: it may go on with the open line, begin others, and erase backwards over their ends. */
  write(received: string): void {
    const texts = applyT140(this.#lines.map(({ text }) => text).join(newLine), received).split(newLine);
    this.#lines = texts.map((text, index) => {
      const known = this.#lines[index];
      if (known?.text === text) return known;
      const isBegun = known !== undefined && known.text !== '';
      return { text: text.slice(0, maxLineUnits), startedAt: isBegun ? known.startedAt : this.#now() };
    });
    this.#drop();
  }

  snapshot(): LaneSnapshot {
    const all = this.#lines.map(({ text, startedAt }) => ({ text, ageMs: Math.max(0, this.#now() - startedAt) }));
    let tail = all.length;
    for (let bytes = 0; tail > 0; tail -= 1) {
      bytes += new TextEncoder().encode(JSON.stringify(all[tail - 1])).length + 1;
      if (bytes > snapshotBytes) break;
    }
    const lines = all.slice(tail);
    return { lane: this.lane, first: this.#first + tail, lines };
  }

  /** Takes over what a snapshot says; what was begun before it stays. */
  restore({ first, lines }: LaneSnapshot): void {
    const kept = first < this.#first || first > this.#first + this.#lines.length ? [] : this.#lines.slice(0, first - this.#first);
    const known = new Map(this.#lines.map((line, index) => [this.#first + index, line.startedAt]));
    const restored = lines.map(({ text, ageMs }, index) => ({
      text: applyT140('', text).replaceAll(newLine, ' ').slice(0, maxLineUnits),
      startedAt: known.get(first + index) ?? this.#now() - ageMs,
    }));
    this.#first = kept.length === 0 ? first : this.#first;
    this.#lines = [...kept, ...restored];
    this.#drop();
  }

  #drop(): void {
    const tooMany = this.#lines.length - maxLines;
    if (tooMany <= 0) return;
    this.#first += tooMany;
    this.#lines = this.#lines.slice(tooMany);
  }
}

/** Of one line, in UTF-16 code units: as much as one sealed message carries, whatever the script. Nobody writes longer ones by hand. */
export const maxLineUnits = 1_000;
const maxLines = 200;
/** The sfu carries messages of 4 kB; around these are the seal, the lane's name and a number. */
const snapshotBytes = 3_800;
