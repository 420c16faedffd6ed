import type { MediaSource } from '../../server/protocol/calls.ts';
import { ensure } from '../../server/protocol/crypto-error.ts';
import { aes256GcmSha512 } from './sframe.ts';

/** What one sealed frame belongs to: a track, or the channel of live text. */
export type FrameKind = MediaSource | 'text';

/** Four bits of the key's id, so that each has a key of its own. */
export const streamOf: Readonly<Record<FrameKind, number>> = { microphone: 0, camera: 1, screen: 2, text: 3 };

/** A sender's base key (RFC 9605 §4.4.2) from some moment on. */
export interface MediaKey {
  /** 0 to 255; the sender draws it. */
  readonly sender: number;
  /** 0 to 255: a new one is a key that those who have left do not know. */
  readonly generation: number;
  /** 0 to 15: the next one is computed from the one before, for those who have come (RFC 9605 §5.1). */
  readonly step: number;
  /** 64 bytes. Whoever takes the key wipes them. */
  readonly baseKey: Uint8Array;
}

/** KID, 24 bits: stream(4) ‖ sender(8) ‖ generation(8) ‖ step(4). */
export function keyIdOf(kind: FrameKind, key: Omit<MediaKey, 'baseKey'>): number {
  return (streamOf[kind] << 20) | (key.sender << 12) | (key.generation << 4) | key.step;
}

/** Throws `malformed` for more than 24 bits. */
export function splitKeyId(keyId: bigint): Omit<MediaKey, 'baseKey'> & { readonly stream: number } {
  ensure(keyId < 1n << 24n, 'malformed', 'a key id of more than 24 bits');
  const bits = Number(keyId);
  return { stream: bits >> 20, sender: (bits >> 12) & 255, generation: (bits >> 4) & 255, step: bits & 15 };
}

/**
 * How many bytes at the front of a frame stay readable for the SFU, but cannot be changed: VP8 10 of a key frame, 1 of another
 * (the bit that says which it is, and the picture's size), sound and text none. Constant, and never read from the packet.
 * `type` is the encoded video frame's, at both ends.
 */
export function clearBytes(kind: FrameKind, type: 'key' | 'delta' | null): number {
  if (kind === 'microphone' || kind === 'text') return 0;
  return type === 'key' ? 10 : 1;
}

/** Takes the bytes over: the caller's copy is zeros afterwards, so that no second sealer can begin to count with the same key. */
export function takeBaseKey({ baseKey }: MediaKey): Uint8Array<ArrayBuffer> {
  ensure(
    baseKey.length === aes256GcmSha512.hashBytes && baseKey.some((byte) => byte !== 0),
    'bad_key',
    'no base key, or one that was taken',
  );
  const taken = baseKey.slice();
  baseKey.fill(0);
  return taken;
}
