import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameOpener } from '../../../client/crypto/frame-opener.ts';
import { FrameSealer } from '../../../client/crypto/frame-sealer.ts';
import { clearBytes, type FrameKind, type MediaKey } from '../../../client/crypto/media-key.ts';
import { ReplayWindow, replayWindow } from '../../../client/crypto/replay-window.ts';
import { aes256GcmSha512, decodeHeader, importBaseKey, ratchet } from '../../../client/crypto/sframe.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A copy each time: whoever takes a key wipes it. */
const key = (more: Partial<MediaKey> = {}): MediaKey => ({
  sender: 3,
  generation: 0,
  step: 0,
  baseKey: new Uint8Array(64).fill(9),
  ...more,
});
const bytes = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
const frames: readonly (readonly [kind: FrameKind, type: 'key' | 'delta' | null])[] = [
  ['microphone', null],
  ['camera', 'key'],
  ['camera', 'delta'],
  ['screen', 'key'],
  ['text', null],
];

function pair(kinds: readonly FrameKind[] = ['microphone', 'camera', 'screen', 'text']) {
  const clock = { nowMs: 0 };
  const [sealer, opener] = [new FrameSealer(kinds), new FrameOpener(() => clock.nowMs)];
  sealer.use(key());
  opener.add(key());
  return { clock, sealer, opener };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'opened',
    (error: { code: string }) => error.code,
  );
}

async function ratcheted(from: MediaKey): Promise<MediaKey> {
  const baseKey = await ratchet(aes256GcmSha512, await importBaseKey(from.baseKey.slice()));
  return { ...from, step: from.step + 1, baseKey };
}

test('attack 40: of a sealed frame only the clear bytes can be read, each kind has as many as it must, and the rest parses as SFrame', async () => {
  const { sealer, opener } = pair();
  expect(frames.map(([kind, type]) => clearBytes(kind, type))).toEqual([0, 10, 1, 10, 0]);
  for (const [kind, type] of frames) {
    const [frame, clear] = [bytes(300), clearBytes(kind, type)];
    const sealed = await sealer.seal(kind, frame, clear);
    expect(sealed.subarray(0, clear)).toEqual(frame.subarray(0, clear));
    const { keyId, counter, length } = decodeHeader(sealed.subarray(clear));
    expect([keyId >> 20n, (keyId >> 12n) & 255n]).toEqual([BigInt({ microphone: 0, camera: 1, screen: 2, text: 3 }[kind]), 3n]);
    expect(sealed.length).toBe(clear + length + 300 - clear + 16);
    expect(Buffer.from(sealed).includes(Buffer.from(frame.subarray(clear, clear + 16)))).toBe(false);
    expect(Number(counter)).toBeLessThan(2);
    expect(await opener.open(kind, sealed, clear)).toEqual(frame);
  }
  expect(await sealer.seal('microphone', new Uint8Array(), 0).then((sealed) => sealed.length)).toBeLessThan(25);
});

test('attack 41: plain frames, a marked frame of the server`s, silence, nothing: none is opened, whatever its length', async () => {
  const { opener, sealer } = pair();
  const silence = new Uint8Array([0xf8, 0xff, 0xfe]);
  // What LiveKit lets through as "server injected": a frame that ends in a marker.
  const marked = new Uint8Array([...bytes(40), ...new TextEncoder().encode('LK-ROCKS')]);
  for (const [kind, type] of frames) {
    const clear = clearBytes(kind, type);
    const sealed = await sealer.seal(kind, bytes(60), clear);
    // As it should be to the last byte of the header, and plain from there on.
    const plain = sealed.fill(0xf8, clear + decodeHeader(sealed.subarray(clear)).length);
    expect(await refusal(opener.open(kind, plain, clear))).toBe('cannot_open');
    for (const frame of [new Uint8Array(), silence, marked, bytes(1), bytes(17), bytes(25), bytes(400), new Uint8Array(400)])
      expect(await refusal(opener.open(kind, frame, clear))).not.toBe('opened');
  }
});

test('attack 42: any single bit of the clear bytes, the header, the ciphertext or the tag', async () => {
  const { sealer, opener } = pair();
  const sealed = await sealer.seal('camera', bytes(40), 10);
  const codes = new Map<number, string>();
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const flipped = sealed.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    codes.set(bit, await refusal(opener.open('camera', flipped, 10)));
  }
  expect([...codes.values()]).not.toContain('opened');
  expect(codes.get(0)).toBe('cannot_open');
  expect(codes.get(sealed.length * 8 - 1)).toBe('cannot_open');
  expect(await refusal(opener.open('camera', sealed, 1))).not.toBe('opened');
  expect(await refusal(opener.open('camera', sealed.slice(0, -1), 10))).toBe('cannot_open');
  expect(await refusal(opener.open('camera', sealed, 10))).toBe('opened');
});

test('attack 42: a copy is dropped, at the same time too, and so is what comes 1,024 frames late; within them any order will do', async () => {
  const { sealer, opener } = pair();
  const sent: Bytes[] = [];
  for (let index = 0; index < replayWindow + 10; index += 1) sent.push(await sealer.seal('microphone', new Uint8Array([1, 2, 3]), 0));
  const [first, second, third] = sent;
  const [last, tenth] = [sent.at(-1), sent[10]];
  if (!first || !second || !third || !last || !tenth) throw new Error('frames were sealed');
  const both = await Promise.all([first, first.slice()].map(async (frame) => await refusal(opener.open('microphone', frame, 0))));
  // Which of the two the processor has done with first is chance.
  expect(both.toSorted()).toEqual(['broken_chain', 'opened']);
  expect(await refusal(opener.open('microphone', third, 0))).toBe('opened');
  expect(await refusal(opener.open('microphone', second, 0))).toBe('opened');
  expect(await refusal(opener.open('microphone', last, 0))).toBe('opened');
  for (const [frame, code] of [
    [last, 'broken_chain'],
    [sent[9] ?? first, 'broken_chain'],
    [tenth, 'opened'],
    [tenth, 'broken_chain'],
  ] as const)
    expect(await refusal(opener.open('microphone', frame, 0))).toBe(code);
});

test('the window lets each of the last 1,024 counters through once, and none before, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 300 }), (counters) => {
      const [window, seen] = [new ReplayWindow(), new Set<number>()];
      let highest = -1;
      for (const counter of counters) {
        const expected = !seen.has(counter) && counter > highest - replayWindow;
        expect([window.isNew(counter), window.accept(counter)]).toEqual([expected, expected]);
        if (expected) seen.add(counter);
        highest = Math.max(highest, counter);
      }
    }),
  );
});

test('attack 43: another person`s stream, or the same person`s other stream, is told from a changed frame', async () => {
  const { sealer, opener } = pair();
  const other = new FrameSealer(['camera']);
  other.use(key({ sender: 4, baseKey: new Uint8Array(64).fill(5) }));
  expect(await refusal(opener.open('camera', await other.seal('camera', bytes(50), 1), 1))).toBe('not_allowed');
  expect(await refusal(opener.open('screen', await sealer.seal('camera', bytes(50), 1), 1))).toBe('not_allowed');
  expect(await refusal(opener.open('camera', await sealer.seal('screen', bytes(50), 1), 1))).toBe('not_allowed');
  // Who claims the number of another has not his key.
  const claiming = new FrameSealer(['camera']);
  claiming.use(key({ baseKey: new Uint8Array(64).fill(5) }));
  expect(await refusal(opener.open('camera', await claiming.seal('camera', bytes(50), 1), 1))).toBe('cannot_open');
});

test('attack 44: the next step does not open what was before it; a generation does not open the next; those who were there follow by themselves', async () => {
  const { clock, sealer, opener } = pair();
  const before = await sealer.seal('camera', bytes(50), 1);
  const late = await sealer.seal('camera', bytes(50), 1);
  const joined = new FrameOpener(() => 0);
  let next = key();
  for (let step = 0; step < 3; step += 1) next = await ratcheted(next);
  joined.add({ ...next, baseKey: next.baseKey.slice() });
  sealer.use({ ...next, baseKey: next.baseKey.slice() });
  expect(await refusal(joined.open('camera', before, 1))).toBe('stale_key');
  const after = await sealer.seal('camera', bytes(50), 1);
  for (const one of [opener, joined]) expect(await refusal(one.open('camera', after, 1))).toBe('opened');
  // What was under way is let in for five seconds.
  clock.nowMs = 4_999;
  expect(await refusal(opener.open('camera', before, 1))).toBe('opened');
  clock.nowMs = 5_000;
  expect(await refusal(opener.open('camera', await sealer.seal('camera', bytes(50), 1), 1))).toBe('opened');
  expect(await refusal(opener.open('camera', late, 1))).toBe('stale_key');

  sealer.use(key({ generation: 1, baseKey: new Uint8Array(64).fill(1) }));
  expect(await refusal(opener.open('camera', await sealer.seal('camera', bytes(50), 1), 1))).toBe('stale_key');
  opener.add(key({ generation: 1, baseKey: new Uint8Array(64).fill(1) }));
  expect(await refusal(opener.open('camera', await sealer.seal('camera', bytes(50), 1), 1))).toBe('opened');
  opener.drop(0);
  expect(await refusal(opener.open('camera', after, 1))).toBe('stale_key');
});

test('attack 45: no counter is used twice, whatever is sealed at the same time; a key that was used, or taken, is not used again', async () => {
  const { sealer } = pair();
  const sealed = await Promise.all(Array.from({ length: 200 }, async () => await sealer.seal('camera', bytes(20), 1)));
  const counters = sealed.map((frame) => Number(decodeHeader(frame.subarray(1)).counter));
  expect(counters).toEqual(Array.from({ length: 200 }, (_, index) => index));

  expect(() => sealer.use(key())).toThrow(expect.objectContaining({ code: 'stale_key' }));
  sealer.use(key({ generation: 2 }));
  for (const older of [key({ generation: 2 }), key({ generation: 1, step: 15 })])
    expect(() => sealer.use(older)).toThrow(expect.objectContaining({ code: 'stale_key' }));

  const given = key();
  new FrameSealer(['camera']).use(given);
  expect(given.baseKey).toEqual(new Uint8Array(64));
  expect(() => new FrameSealer(['camera']).use(given)).toThrow(expect.objectContaining({ code: 'bad_key' }));
  const { opener } = pair();
  expect(() => opener.add(key())).toThrow(expect.objectContaining({ code: 'stale_key' }));
  expect(() => opener.add(key({ sender: 4, generation: 1 }))).toThrow(expect.objectContaining({ code: 'bad_key' }));
});

test('attack 46: without a key, for a stream it is not for, or after the end, a sealer gives nothing', async () => {
  const empty = new FrameSealer(['camera']);
  expect(await refusal(empty.seal('camera', bytes(50), 1))).toBe('bad_key');
  empty.use(key());
  expect(await refusal(empty.seal('microphone', bytes(50), 0))).toBe('bad_key');
  expect(await refusal(empty.seal('camera', bytes(9), 10))).toBe('malformed');
  empty.stop();
  expect(await refusal(empty.seal('camera', bytes(50), 1))).toBe('bad_key');
  expect(() => empty.use(key({ generation: 9 }))).toThrow(expect.objectContaining({ code: 'stale_key' }));
  const { sealer, opener } = pair();
  opener.stop();
  expect(await refusal(opener.open('camera', await sealer.seal('camera', bytes(50), 1), 1))).toBe('stale_key');
});

test('a header in a longer form, one that goes on behind the end, a key id or counter out of all size, a generation nobody gave: dropped', async () => {
  const { sealer, opener } = pair();
  const sealed = await sealer.seal('microphone', bytes(40), 0);
  const { length } = decodeHeader(sealed);
  const rest = [...sealed.subarray(length)];
  const keyId = [0x00, 0x30, 0x00];
  for (const [header, code] of [
    [[0xa8, ...keyId, 0x00], 'malformed'],
    [[0xff], 'malformed'],
    [[0xb0, 0x01, ...keyId], 'malformed'],
    [[0xaf, 0x01, 0x30, 0x00, ...new Uint8Array(8).fill(0xff)], 'malformed'],
  ] as const)
    expect(await refusal(opener.open('microphone', new Uint8Array([...header, ...(header.length > 1 ? rest : [])]), 0))).toBe(code);
  const elsewhere = new FrameSealer(['microphone']);
  elsewhere.use(key({ generation: 200 }));
  expect(await refusal(opener.open('microphone', await elsewhere.seal('microphone', bytes(40), 0), 0))).toBe('stale_key');
  expect(await refusal(opener.open('microphone', sealed, 0))).toBe('opened');
});
