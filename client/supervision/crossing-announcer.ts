import type { Judgement } from './judgement.ts';

const quietMs = 60_000;

/** Speaks only when a figure changes its state word, and at most once a minute: what changed meanwhile is told together after it. */
export class CrossingAnnouncer<Name extends string> {
  readonly #announce: (crossed: readonly Name[]) => void;
  #told: Readonly<Record<Name, Judgement>> | null = null;
  #now: Readonly<Record<Name, Judgement>> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(announce: (crossed: readonly Name[]) => void) {
    this.#announce = announce;
  }

  /** The first judgements are read on the page; from then on crossings are told. */
  judged(judgements: Readonly<Record<Name, Judgement>>): void {
    this.#now = judgements;
    this.#told ??= judgements;
    if (this.#timer === undefined) this.#tell();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const [told, now] = [this.#told, this.#now];
    if (told === null || now === null) return;
    const crossed: Name[] = [];
    for (const name in now) if (now[name] !== told[name]) crossed.push(name);
    if (crossed.length === 0) return;
    this.#told = now;
    this.#announce(crossed);
    this.#timer = setTimeout(() => this.#tell(), quietMs);
  }
}
