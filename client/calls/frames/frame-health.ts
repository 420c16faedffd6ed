import type { MediaSource, ProducerId } from '../../../server/protocol/calls.ts';
import type { FrameCount } from './frame-messages.ts';

/** `waiting`: nothing has opened yet, or nothing comes. `open`: what comes opens. `shut`: it comes and does not open. `swapped`: it is somebody else's. */
export type FrameState = 'waiting' | 'open' | 'shut' | 'swapped';

interface Seen {
  passedAt: number;
  /** When the first frame was refused since the last one that passed. */
  refusedFrom: number | null;
  swappedAt: number;
}

/** What the counts of the worker say about the streams of one joining. */
export class FrameHealth {
  readonly #now: () => number;
  readonly #opened = new Map<ProducerId, Seen>();
  readonly #sealedAt = new Map<MediaSource, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  sealed(source: MediaSource, { passed }: FrameCount): void {
    if (passed > 0) this.#sealedAt.set(source, this.#now());
  }

  opened(producerId: ProducerId, { passed, refused }: FrameCount): void {
    const seen = this.#opened.get(producerId) ?? { passedAt: -Infinity, refusedFrom: null, swappedAt: -Infinity };
    this.#opened.set(producerId, seen);
    const isRefused = Object.values(refused).some((count) => count > 0);
    if (passed > 0) {
      seen.passedAt = this.#now();
      seen.refusedFrom = null;
    } else if (isRefused) {
      seen.refusedFrom ??= this.#now();
    }
    if ((refused['not_allowed'] ?? 0) > 0) seen.swappedAt = this.#now();
  }

  /** A key has come: what was refused before says nothing of what comes now. */
  keyed(): void {
    for (const seen of this.#opened.values()) seen.refusedFrom = null;
  }

  /** Whether anything of this has left, sealed, lately. */
  isSending(source: MediaSource): boolean {
    return this.#now() - (this.#sealedAt.get(source) ?? -Infinity) < staleMs;
  }

  stateOf(producerId: ProducerId): FrameState {
    const seen = this.#opened.get(producerId);
    if (!seen) return 'waiting';
    if (this.#now() - seen.swappedAt < swappedMs) return 'swapped';
    if (seen.refusedFrom !== null && this.#now() - seen.refusedFrom > patienceMs) return 'shut';
    return seen.passedAt === -Infinity ? 'waiting' : 'open';
  }
}

/** The worker counts four times a second. */
const staleMs = 1_500;
/** Keys change while frames are on their way. */
const patienceMs = 2_500;
const swappedMs = 10_000;
