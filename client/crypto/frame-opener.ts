import { ensure } from '../../server/protocol/crypto-error.ts';
import { type FrameKind, keyIdOf, type MediaKey, splitKeyId, streamOf, takeBaseKey } from './media-key.ts';
import { ReplayWindow } from './replay-window.ts';
import { aes256GcmSha512, deriveFrameKey, type FrameKey, importBaseKey, openFrame, ratchet, readFrame } from './sframe.ts';

/** How long frames of the step before are let in once the next was heard. */
const overlapMs = 5_000;

interface Lane {
  readonly key: Promise<FrameKey>;
  readonly window: ReplayWindow;
}

/** One step of one generation. */
interface Step {
  readonly base: Promise<CryptoKey>;
  readonly lanes: Map<FrameKind, Lane>;
}

/** The key somebody gave, and those that follow from it. */
class Generation {
  readonly #key: Omit<MediaKey, 'baseKey'>;
  readonly #steps = new Map<number, Step>();
  #heard: number;
  #heardAt = Number.POSITIVE_INFINITY;

  constructor(key: MediaKey) {
    const { sender, generation, step } = key;
    this.#key = { sender, generation, step };
    this.#heard = step;
    this.#steps.set(step, { base: importBaseKey(takeBaseKey(key)), lanes: new Map() });
  }

  /** Undefined for a step from before this page came, or that is over. */
  lane(step: number, kind: FrameKind): Lane | undefined {
    const found = step > this.#key.step ? this.#follow(step) : this.#steps.get(step);
    if (!found) return undefined;
    const known = found.lanes.get(kind);
    if (known) return known;
    const keyId = BigInt(keyIdOf(kind, { ...this.#key, step }));
    const lane = { key: found.base.then(async (base) => await deriveFrameKey(aes256GcmSha512, base, keyId)), window: new ReplayWindow() };
    found.lanes.set(kind, lane);
    return lane;
  }

  /** RFC 9605 §5.1: the receiver steps as far as the sender has. At most 15 times, whatever a header says. */
  #follow(step: number): Step | undefined {
    if (step < this.#heard) return this.#steps.get(step);
    for (let next = this.#heard + 1; next <= step; next += 1) {
      const before = this.#steps.get(next - 1);
      if (!before || this.#steps.has(next)) continue;
      const base = before.base.then(async (from) => await importBaseKey(await ratchet(aes256GcmSha512, from)));
      this.#steps.set(next, { base, lanes: new Map() });
    }
    return this.#steps.get(step);
  }

  /** A frame of this step has opened: now it is the sender's. */
  heard(step: number, nowMs: number): void {
    if (step > this.#heard) [this.#heard, this.#heardAt] = [step, nowMs];
    if (nowMs - this.#heardAt < overlapMs) return;
    for (const old of this.#steps.keys()) if (old < this.#heard) this.#steps.delete(old);
  }
}

/** Opens what one member of the call sends, all of it. Whatever it throws, the frame is dropped: nothing is ever handed on as it came. */
export class FrameOpener {
  readonly #now: () => number;
  #sender: number | null = null;
  #newest = -1;
  readonly #generations = new Map<number, Generation>();

  /** `now`: milliseconds of a clock that does not go back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A further generation of this member; wipes the caller's copy. Throws `bad_key` when it has another sender's number, `stale_key` when it is not a later one. */
  add(key: MediaKey): void {
    ensure(this.#sender === null || this.#sender === key.sender, 'bad_key', 'a member has one number');
    // The same once more would forget which frames have been.
    ensure(key.generation > this.#newest, 'stale_key', 'a generation that was here before');
    [this.#sender, this.#newest] = [key.sender, key.generation];
    this.#generations.set(key.generation, new Generation(key));
  }

  /** This generation and all before it are over. */
  drop(generation: number): void {
    for (const old of this.#generations.keys()) if (old <= generation) this.#generations.delete(old);
  }

  stop(): void {
    this.#generations.clear();
  }

  /**
   * The frame, clear bytes included. `kind`: what this member's track is said to be; `clear`: see clearBytes.
   * Throws `malformed`: no sealed frame · `not_allowed`: of another sender or stream, so somebody has swapped them ·
   * `stale_key`: under a key that is not known, yet or any more · `broken_chain`: a copy, or too old · `cannot_open`: changed.
   */
  async open(kind: FrameKind, sealed: Uint8Array<ArrayBuffer>, clear: number): Promise<Uint8Array<ArrayBuffer>> {
    const header = readFrame(sealed, clear);
    const { stream, sender, generation, step } = splitKeyId(header.keyId);
    ensure(header.counter <= BigInt(Number.MAX_SAFE_INTEGER), 'malformed', 'a counter out of all size');
    ensure(this.#sender !== null, 'stale_key', 'no key yet');
    ensure(stream === streamOf[kind] && sender === this.#sender, 'not_allowed', 'a frame of another sender or stream');
    const known = this.#generations.get(generation);
    const lane = known?.lane(step, kind);
    ensure(known !== undefined && lane !== undefined, 'stale_key', 'a key that is not known');
    const counter = Number(header.counter);
    ensure(lane.window.isNew(counter), 'broken_chain', 'a frame that was here before');
    const frame = await openFrame(await lane.key, header, sealed, clear);
    ensure(lane.window.accept(counter), 'broken_chain', 'a frame that was here before');
    known.heard(step, this.#now());
    return frame;
  }
}
