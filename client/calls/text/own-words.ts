import type { CallId } from '../../../server/protocol/ids.ts';
import type { Observable } from '../../net/observable.ts';
import type { Drafts } from '../../storage/texts.ts';
import { isSnapshot } from './channel-message.ts';
import type { LiveText } from './live-text.ts';
import type { LaneSnapshot } from './text-lane.ts';

export interface OwnWordsOptions {
  readonly callId: CallId;
  /** Seals what it keeps. */
  readonly drafts: Drafts;
  readonly text: LiveText;
  readonly own: Observable<{ readonly agreesToKeepText: boolean }>;
  readonly agree: () => void;
}

/** One call's at a time: the next one's take the place of what a page that just went away has left. */
const key = 'call';

/**
 * What this page has written in a call, and that its person agreed to keep it: sealed on this device, so that a page that is loaded anew
 * goes on with it. Whoever makes it closes it.
 */
export class OwnWords {
  readonly #options: OwnWordsOptions;
  #stops: readonly (() => void)[] = [];
  #isClosed = false;
  #kept = '';
  #keeping: Promise<void> = Promise.resolve();
  #isKeeping = false;

  constructor(options: OwnWordsOptions) {
    this.#options = options;
    void this.#begin();
  }

  /** The call is over: nothing is to come back to. */
  async forget(): Promise<void> {
    this.close();
    await this.#keeping;
    await this.#options.drafts.save(key, '');
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  async #begin(): Promise<void> {
    const { callId, drafts, text, own, agree } = this.#options;
    const before = parse(await drafts.load(key), callId);
    if (this.#isClosed) return;
    if (before !== null) {
      text.resume(before.written);
      if (before.agrees) agree();
    }
    const keep = (): void => {
      if (!this.#isKeeping) this.#keeping = this.#keep();
    };
    this.#stops = [text.lines.subscribe(keep), own.subscribe(keep)];
    keep();
  }

  /** One after the other, and the newest last. */
  async #keep(): Promise<void> {
    const { callId, drafts, text, own } = this.#options;
    this.#isKeeping = true;
    for (;;) {
      const { written } = text;
      const agrees = own.value.agreesToKeepText;
      // Without how long ago: that changes all the time.
      const words = JSON.stringify([agrees, written.lane, written.first, written.lines.map((line) => line.text)]);
      if (words === this.#kept) break;
      this.#kept = words;
      await drafts.save(key, JSON.stringify({ callId, at: Date.now(), agrees, written }));
    }
    this.#isKeeping = false;
  }
}

function parse(words: string, callId: CallId): { readonly agrees: boolean; readonly written: LaneSnapshot } | null {
  if (words === '') return null;
  const kept: unknown = JSON.parse(words);
  if (typeof kept !== 'object' || kept === null || !('callId' in kept && 'at' in kept && 'agrees' in kept && 'written' in kept))
    return null;
  const { at, agrees, written } = kept;
  if (kept.callId !== callId || typeof at !== 'number' || !isSnapshot(written)) return null;
  const sinceMs = Math.max(0, Date.now() - at);
  const lines = written.lines.map((line) => ({ ...line, ageMs: line.ageMs + sinceMs }));
  return { agrees: agrees === true, written: { ...written, lines } };
}
