/** How far behind the newest frame one may still arrive. */
export const replayWindow = 1024;

/** Which counters of one key have been: each is let through once, and none that lies further back than the window. */
export class ReplayWindow {
  #highest = -1;
  /** Bit n % 1024 of the last 1024 counters. */
  readonly #seen = new Uint32Array(replayWindow / 32);

  isNew(counter: number): boolean {
    if (counter > this.#highest) return true;
    const { word, bit } = place(counter);
    return counter > this.#highest - replayWindow && ((this.#seen[word] ?? 0) & bit) === 0;
  }

  /** False when it was there before: two copies may have been at work at the same time. */
  accept(counter: number): boolean {
    if (!this.isNew(counter)) return false;
    if (counter >= this.#highest + replayWindow) this.#seen.fill(0);
    else for (let skipped = this.#highest + 1; skipped <= counter; skipped += 1) this.#mark(skipped, false);
    this.#mark(counter, true);
    this.#highest = Math.max(this.#highest, counter);
    return true;
  }

  #mark(counter: number, seen: boolean): void {
    const { word, bit } = place(counter);
    const before = this.#seen[word] ?? 0;
    this.#seen[word] = seen ? before | bit : before & ~bit;
  }
}

function place(counter: number): { word: number; bit: number } {
  const index = counter % replayWindow;
  return { word: index >> 5, bit: 1 << (index & 31) };
}
