import type { PeerId } from '../../server/protocol/calls.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { bytes, fromBytes, toBytes, tuple, uint } from '../../server/protocol/format.ts';
import { hash, lp } from '../../server/protocol/hash.ts';
import type { CallId } from '../../server/protocol/ids.ts';
import { ensure, equalBytes } from '../../server/protocol/sodium.ts';
import type { Revealed } from './call-check.ts';
import type { KeyChange } from './call-state.ts';
import type { CallSignal, KeyAck, KeyMessage } from './call-signals.ts';
import type { MediaKey } from './media-key.ts';
import { randomBytes, wipe } from './primitives.ts';
import { open, seal } from './seal.ts';
import { aes256GcmSha512, importBaseKey, ratchet } from './sframe.ts';

/** How often what was not acknowledged is said again. */
export const resendMs = 1_000;
/** A new generation is used when everybody has it, at the latest after this. */
const switchMs = 2_000;
/** How long the generation before is still opened. */
const overlapMs = 5_000;
const renewMs = 10 * 60_000;
const [lastGeneration, lastStep] = [255, 15];

const keyFormat = tuple<MediaKey>({ sender: uint(255), generation: uint(lastGeneration), step: uint(lastStep), baseKey: bytes(64) });

/** Somebody who gets keys. */
interface Peer {
  readonly kemPk: Uint8Array;
  /** The newest generation he says he has; -1: none. */
  acknowledged: number;
  sentAt: number;
  /** His own: what he sends under. */
  sender: number | null;
  generation: number;
}

export interface CallKeysOptions {
  readonly callId: CallId;
  readonly peerId: PeerId;
  readonly kem: { readonly kemPk: Uint8Array; readonly kemSk: Uint8Array };
  readonly send: (to: PeerId, signal: CallSignal) => void;
  readonly onKey: (change: KeyChange) => void;
  readonly now: () => number;
}

/**
 * Who has which media key. Own keys go to those in `peers` alone: when somebody comes, the next step, which does not lead back; when somebody
 * goes, a generation he does not know (crypto.md §8, RFC 9605 §5.1).
 */
export class CallKeys {
  readonly #options: CallKeysOptions;
  readonly #peers = new Map<PeerId, Peer>();
  #current: MediaKey | null = null;
  #currentSince = 0;
  /** Given out and not used yet. */
  #next: MediaKey | null = null;
  #nextSince = 0;
  #sender: number | null = null;
  #generation = -1;
  /** Whose each base key is, by hash. */
  readonly #owners = new Map<string, PeerId>();
  readonly #overlaps: { readonly peerId: PeerId; readonly generation: number; readonly untilMs: number }[] = [];
  #isWiped = false;

  constructor(options: CallKeysOptions) {
    this.#options = options;
  }

  isKeyed(peerId: PeerId): boolean {
    return (this.#peers.get(peerId)?.generation ?? -1) >= 0;
  }

  /** These and nobody else have keys from now on. */
  async setPeers(agreed: readonly Pick<Revealed, 'peerId' | 'kemPk'>[]): Promise<void> {
    const gone = [...this.#peers].filter(([id, { kemPk }]) => !agreed.some((one) => one.peerId === id && equalBytes(one.kemPk, kemPk)));
    for (const [peerId] of gone) {
      this.#peers.delete(peerId);
      this.#options.onKey({ type: 'drop', peerId, generation: null });
    }
    const newcomers = agreed.filter(({ peerId }) => !this.#peers.has(peerId)).map(({ peerId }) => peerId);
    for (const { peerId, kemPk } of agreed)
      if (newcomers.includes(peerId)) this.#peers.set(peerId, { kemPk, acknowledged: -1, sentAt: 0, sender: null, generation: -1 });
    if (gone.length > 0 || (newcomers.length > 0 && !this.#current && !this.#next)) this.#renew();
    else if (newcomers.length > 0) {
      if (!this.#next) await this.#step();
      for (const peerId of newcomers) this.#give(peerId);
    }
  }

  /** Opens somebody's key. Throws `cannot_open`, or `bad_key` for one that another sends under already. */
  receive({ from, to, generation, box }: KeyMessage): void {
    const peer = this.#peers.get(from);
    ensure(peer !== undefined && to === this.#options.peerId, 'not_allowed', 'no key for this page');
    const key = fromBytes(keyFormat, open(this.#options.kem, box, boxData(this.#options.callId, from, to, generation)), 256);
    ensure(key.generation === generation && key.sender === (peer.sender ?? key.sender), 'bad_key', 'not the key that was announced');
    ensure((this.#owners.get(nameOf(key)) ?? from) === from, 'bad_key', 'a key that another sends under');
    this.#owners.set(nameOf(key), from);
    if (generation > peer.generation) {
      if (peer.generation >= 0) this.#overlaps.push({ peerId: from, generation: generation - 1, untilMs: this.#options.now() + overlapMs });
      [peer.sender, peer.generation] = [key.sender, generation];
      this.#options.onKey({ type: 'receive', peerId: from, key });
    } else wipe(key.baseKey);
    // Also for one that came before: the answer may have been lost.
    this.#options.send(from, { type: 'ack', callId: this.#options.callId, from: to, to: from, generation });
  }

  acknowledge({ from, to, generation }: KeyAck): void {
    const peer = this.#peers.get(from);
    ensure(peer !== undefined && to === this.#options.peerId && generation <= this.#generation, 'not_allowed', 'a key that was not sent');
    peer.acknowledged = Math.max(peer.acknowledged, generation);
    this.#switch();
  }

  tick(): void {
    const now = this.#options.now();
    if (this.#current && !this.#next && this.#peers.size > 0 && now - this.#currentSince >= renewMs) this.#renew();
    this.#switch();
    for (const [peerId, { acknowledged, sentAt }] of this.#peers)
      if (acknowledged < this.#generation && now - sentAt >= resendMs) this.#give(peerId);
    for (const over of this.#overlaps.splice(0)) {
      if (over.untilMs > now) this.#overlaps.push(over);
      else if (this.#peers.has(over.peerId)) this.#options.onKey({ type: 'drop', peerId: over.peerId, generation: over.generation });
    }
  }

  wipe(): void {
    this.#isWiped = true;
    for (const key of [this.#current, this.#next]) if (key) wipe(key.baseKey);
    [this.#current, this.#next] = [null, null];
    this.#peers.clear();
    wipe(this.#options.kem.kemSk);
  }

  /** A fresh key under a new generation, to everybody. One that was given out and never used is forgotten: somebody who is gone may have it. */
  #renew(): void {
    ensure(this.#generation < lastGeneration, 'stale_key', 'no generations left: join again');
    this.#sender ??= this.#freeSender();
    this.#generation += 1;
    if (this.#next) wipe(this.#next.baseKey);
    this.#next = { sender: this.#sender, generation: this.#generation, step: 0, baseKey: randomBytes(aes256GcmSha512.hashBytes) };
    this.#nextSince = this.#options.now();
    this.#owners.set(nameOf(this.#next), this.#options.peerId);
    for (const peerId of this.#peers.keys()) this.#give(peerId);
    this.#switch();
  }

  /** The key that follows: those who have the one before compute it themselves. */
  async #step(): Promise<void> {
    const before = this.#current;
    if (!before || before.step === lastStep) {
      this.#renew();
      return;
    }
    const baseKey = await ratchet(aes256GcmSha512, await importBaseKey(before.baseKey.slice()));
    if (this.#isWiped) return;
    wipe(before.baseKey);
    this.#current = { ...before, step: before.step + 1, baseKey };
    this.#owners.set(nameOf(this.#current), this.#options.peerId);
    this.#use(this.#current);
  }

  #switch(): void {
    if (!this.#next) return;
    const everybodyHasIt = [...this.#peers.values()].every(({ acknowledged }) => acknowledged >= this.#generation);
    if (!everybodyHasIt && this.#options.now() - this.#nextSince < switchMs) return;
    if (this.#current) wipe(this.#current.baseKey);
    [this.#current, this.#next] = [this.#next, null];
    this.#currentSince = this.#options.now();
    this.#use(this.#current);
  }

  #use(key: MediaKey): void {
    this.#options.onKey({ type: 'send', key: { ...key, baseKey: key.baseKey.slice() } });
  }

  #give(to: PeerId): void {
    const [peer, key] = [this.#peers.get(to), this.#next ?? this.#current];
    if (!peer || !key) return;
    peer.sentAt = this.#options.now();
    const { callId, peerId: from } = this.#options;
    const plaintext = toBytes(keyFormat, key);
    const box = seal(peer.kemPk, plaintext, boxData(callId, from, to, key.generation));
    wipe(plaintext);
    this.#options.send(to, { type: 'key', callId, from, to, generation: key.generation, box });
  }

  /** Not needed for secrecy: frames are told apart by whose key opens them. But an exchange of two streams is told sooner. */
  #freeSender(): number {
    const taken = new Set([...this.#peers.values()].map(({ sender }) => sender));
    const free = Array.from({ length: 256 }, (_, index) => index).filter((index) => !taken.has(index));
    return free[(randomBytes(1)[0] ?? 0) % free.length] ?? 0;
  }
}

function boxData(callId: CallId, from: PeerId, to: PeerId, generation: number): Uint8Array {
  return lp('gim1/callkey', fromBase64Url(callId), fromBase64Url(from), fromBase64Url(to), generation);
}

function nameOf({ baseKey }: MediaKey): string {
  return String(hash('gim1/base-key', baseKey));
}
