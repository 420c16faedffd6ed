import { ensure } from '../../server/protocol/crypto-error.ts';
import { type FrameKind, keyIdOf, type MediaKey, takeBaseKey } from './media-key.ts';
import { aes256GcmSha512, deriveFrameKey, type FrameKey, importBaseKey, sealFrame } from './sframe.ts';

/** One stream under one key: the place of its counter. */
interface Lane {
  readonly key: Promise<FrameKey>;
  counter: number;
}

/** AES-GCM stays far from its bounds when a key seals no more frames than this. */
const maxFrames = 2 ** 32;

/**
 * Seals what this page sends, of these kinds; the only place of their counters, one for each key id, from 0 upwards. A program that was started
 * again has no counters any more, and so gets no key that was given out before: it asks for a new generation.
 */
export class FrameSealer {
  readonly #kinds: readonly FrameKind[];
  #lanes: ReadonlyMap<FrameKind, Lane> = new Map();
  #newest = -1;

  constructor(kinds: readonly FrameKind[]) {
    this.#kinds = kinds;
  }

  /** Seals with this key from now on, and wipes the caller's copy. Throws `stale_key` unless it is later than every key before, `bad_key` when it was taken before. */
  use(key: MediaKey): void {
    const order = key.generation * 16 + key.step;
    ensure(order > this.#newest, 'stale_key', 'a key that was used before');
    const base = importBaseKey(takeBaseKey(key));
    this.#newest = order;
    const derive = async (kind: FrameKind) => await deriveFrameKey(aes256GcmSha512, await base, BigInt(keyIdOf(kind, key)));
    this.#lanes = new Map(this.#kinds.map((kind) => [kind, { key: derive(kind), counter: 0 }]));
  }

  /** clear ‖ header ‖ ciphertext ‖ tag. Throws `bad_key` when there is no key: then nothing may be sent. `clear`: see clearBytes. */
  async seal(kind: FrameKind, frame: Uint8Array<ArrayBuffer>, clear: number): Promise<Uint8Array<ArrayBuffer>> {
    const lane = this.#lanes.get(kind);
    ensure(lane !== undefined, 'bad_key', 'no key to seal with');
    ensure(lane.counter < maxFrames, 'stale_key', 'the key has sealed enough');
    const counter = lane.counter;
    // Counted before anything is awaited: two frames at the same time have two counters.
    lane.counter += 1;
    return await sealFrame(await lane.key, BigInt(counter), frame, clear);
  }

  /** For good. */
  stop(): void {
    this.#lanes = new Map();
    this.#newest = Number.POSITIVE_INFINITY;
  }
}
