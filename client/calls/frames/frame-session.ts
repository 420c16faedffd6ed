import type { MediaSource, PeerId } from '../../../server/protocol/calls.ts';
import { CryptoError } from '../../../server/protocol/crypto-error.ts';
import type { KeyChange } from '../../crypto/call-agreement.ts';
import { FrameOpener } from '../../crypto/frame-opener.ts';
import { FrameSealer } from '../../crypto/frame-sealer.ts';
import { clearBytes, type MediaKey } from '../../crypto/media-key.ts';
import { Moments } from '../moments.ts';

/** A frame as the browser hands it over, between the codec and the packets. */
export interface EncodedFrame {
  data: ArrayBuffer;
  /** Pictures only. */
  readonly type?: 'key' | 'delta' | 'empty';
}

/** The keys of one joining of the call, and what they seal and open. It knows neither threads nor browsers. */
export class FrameSession {
  readonly #now: () => number;
  readonly #sealer = new FrameSealer(['microphone', 'camera', 'screen']);
  readonly #openers = new Map<PeerId, FrameOpener>();
  readonly #keyed = new Moments();

  constructor(now: () => number) {
    this.#now = now;
  }

  apply(change: KeyChange): void {
    if (change.type === 'send') this.#sealer.use(change.key);
    else if (change.type === 'receive') this.#add(change.peerId, change.key);
    else if (change.type === 'stop') this.#stop();
    else if (change.generation !== null) this.#openers.get(change.peerId)?.drop(change.generation);
    else this.#forget(change.peerId);
  }

  /** Resolves when there is a key of this member. */
  async hasKeyOf(peerId: PeerId): Promise<void> {
    if (!this.#openers.has(peerId)) await this.#keyed.of(peerId);
  }

  /** Puts the sealed frame in the place of the plain one. Throws a CryptoError: then nothing of it may be sent. */
  async seal(source: MediaSource, frame: EncodedFrame): Promise<void> {
    frame.data = (await this.#sealer.seal(source, new Uint8Array(frame.data), clearOf(source, frame))).buffer;
  }

  /** Opens what this member's page sends as this source, and nothing else. Throws a CryptoError: then nothing of it may be decoded. */
  async open(from: PeerId, source: MediaSource, frame: EncodedFrame): Promise<void> {
    const opener = this.#openers.get(from);
    if (!opener) throw new CryptoError('stale_key', 'no key of this member');
    frame.data = (await opener.open(source, new Uint8Array(frame.data), clearOf(source, frame))).buffer;
  }

  #add(peerId: PeerId, key: MediaKey): void {
    const opener = this.#openers.get(peerId) ?? new FrameOpener(this.#now);
    this.#openers.set(peerId, opener);
    opener.add(key);
    this.#keyed.tell(peerId);
  }

  #forget(peerId: PeerId): void {
    this.#openers.get(peerId)?.stop();
    this.#openers.delete(peerId);
  }

  #stop(): void {
    this.#sealer.stop();
    for (const peerId of this.#openers.keys()) this.#forget(peerId);
  }
}

function clearOf(source: MediaSource, { type }: EncodedFrame): number {
  if (type === 'empty') throw new CryptoError('malformed', 'an empty frame');
  return clearBytes(source, type ?? null);
}
