import { expect, test } from 'vitest';
import { FrameSession, type EncodedFrame } from '../../../client/calls/frames/frame-session.ts';
import type { MediaKey } from '../../../client/crypto/media-key.ts';
import { newId } from '../../../server/protocol/ids.ts';

const [ana, ben] = [newId<'peer'>(), newId<'peer'>()];
/** A copy each time: whoever takes a key wipes it. */
const key = (sender: number): MediaKey => ({ sender, generation: 0, step: 0, baseKey: new Uint8Array(64).fill(9) });

test("a member's first frame waits for his key, and for nobody else's, and opens then", async () => {
  const [sending, receiving] = [new FrameSession(() => 0), new FrameSession(() => 0)];
  sending.apply({ type: 'send', key: key(1) });
  const frame: EncodedFrame = { data: new Uint8Array([1, 2, 3]).buffer };
  await sending.seal('microphone', frame);

  await expect(receiving.open(ana, 'microphone', { data: frame.data.slice(0) })).rejects.toMatchObject({ code: 'stale_key' });
  let isKeyed = false;
  const keyed = receiving.hasKeyOf(ana).then(() => (isKeyed = true));
  receiving.apply({ type: 'receive', peerId: ben, key: key(2) });
  await receiving.hasKeyOf(ben);
  expect(isKeyed).toBe(false);
  receiving.apply({ type: 'receive', peerId: ana, key: key(1) });
  await keyed;
  await receiving.open(ana, 'microphone', frame);
  expect(new Uint8Array(frame.data)).toEqual(new Uint8Array([1, 2, 3]));
});
