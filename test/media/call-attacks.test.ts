import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFrame } from '../../client/crypto/sframe.ts';
import { splitKeyId } from '../../client/crypto/media-key.ts';
import { startCallBridge, type CallBridge } from '../support/call-bridge.ts';
import { accountOf } from '../support/call-roster.ts';
import { hearsAndSees, isEncrypted, joinCall, launchCallBrowser, openCallPage } from '../support/call-scene.ts';
import { startEvilSfu, type EvilSfu, type Passing, type RtpPacket } from '../support/evil-sfu.ts';

let browser: Browser;
beforeAll(async () => void (browser = await launchCallBrowser()));
afterAll(async () => await browser.close());

interface Scene extends AsyncDisposable {
  readonly sfu: EvilSfu;
  readonly bridge: CallBridge;
  open(name: string): Promise<Page>;
}

async function openScene(names: readonly string[] = ['citizen', 'official']): Promise<Scene> {
  const sfu = await startEvilSfu();
  const bridge = await startCallBridge(sfu, [...names]);
  const pages: Page[] = [];
  return {
    sfu,
    bridge,
    open: async (name) => {
      const page = await openCallPage(browser, bridge, name);
      pages.push(page);
      return page;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(pages.map(async (page) => await page.context().close()));
      await bridge.close();
    },
  };
}

const official = accountOf('official');

/** How much of the sound of two seconds was made up, because nothing came that could be opened; 1: all. */
async function concealed(page: Page): Promise<number> {
  return await page.evaluate(async () => await window.callPage.concealed());
}

async function untilConcealed(page: Page): Promise<void> {
  for (;;) if ((await concealed(page)) > 0.95) return;
}

async function framesWhile(page: Page, act: () => Promise<unknown>): Promise<number> {
  const frames = async (): Promise<number> => await page.evaluate(async () => (await window.callPage.received()).framesDecoded);
  const before = await frames();
  await act();
  return (await frames()) - before;
}

const alarmsOf = async (page: Page) => await page.evaluate(() => window.callPage.security()?.alarms.map(({ reason }) => reason));

const ofOfficial = (passing: Passing): boolean => passing.ownerId === official;
const withPayload = ({ header }: RtpPacket, payload: Buffer): RtpPacket => ({ header, payload });

async function openBoth(scene: Scene, sources: readonly ('microphone' | 'camera')[] = ['microphone', 'camera']): Promise<Page> {
  const [citizen, other] = [await scene.open('citizen'), await scene.open('official')];
  await Promise.all([joinCall(citizen, sources), joinCall(other, sources)]);
  await Promise.all([citizen, other].map(isEncrypted));
  return citizen;
}

test('attack 40: of everything that was ever sent each frame is sealed, under the key of its sender and source, and nothing was sent before there were keys', async () => {
  await using scene = await openScene();
  const sound = new Map<string, Buffer[]>();
  const pictures = new Map<string, Buffer[]>();
  scene.sfu.tamper((passing) => {
    const recorded = passing.source === 'microphone' ? sound : pictures;
    recorded.set(passing.ownerId, [
      ...(recorded.get(passing.ownerId) ?? []),
      Buffer.concat([passing.packet.header, passing.packet.payload]),
    ]);
    return [passing.packet];
  });
  const citizen = await scene.open('citizen');
  await joinCall(citizen);
  await citizen.waitForFunction(() => window.callPage.state() === 'connected');
  expect([sound.size, pictures.size]).toEqual([0, 0]);
  const other = await scene.open('official');
  await joinCall(other);
  await Promise.all([citizen, other].map(hearsAndSees));

  for (const name of ['citizen', 'official']) {
    const frames = found(sound.get(accountOf(name))).map((packet) => payloadOf(packet));
    expect(frames.length).toBeGreaterThan(20);
    const headers = frames.map((frame) => ({ ...splitKeyId(readFrame(frame, 0).keyId), counter: readFrame(frame, 0).counter }));
    expect(new Set(headers.map(({ stream }) => stream))).toEqual(new Set([0]));
    expect(new Set(headers.map(({ counter }) => counter)).size).toBe(headers.length);
    // Constant: neither words nor silence show in the sizes. The header grows with its counter.
    expect(new Set(frames.map((frame) => frame.length - readFrame(frame, 0).length)).size).toBe(1);
    const firsts = found(pictures.get(accountOf(name)))
      .map(startOfPicture)
      .filter((frame) => frame !== null);
    expect(firsts.length).toBeGreaterThan(5);
    for (const { bytes, clear } of firsts) expect(splitKeyId(readFrame(bytes, clear).keyId).stream).toBe(1);
  }
});

test('attack 41: plain frames, Opus silence and single bytes in the place of sealed sound are not played, and are told', async () => {
  await using scene = await openScene();
  const citizen = await openBoth(scene, ['microphone']);
  expect(await concealed(citizen)).toBeLessThan(0.9);
  const plain = [Buffer.from([0xf8, 0xff, 0xfe]), Buffer.alloc(100, 0xfc), Buffer.from([0])];
  for (const payload of plain) {
    scene.sfu.tamper((passing) => [ofOfficial(passing) ? withPayload(passing.packet, payload) : passing.packet]);
    await untilConcealed(citizen);
    await citizen.waitForFunction(() => window.callPage.security()?.state === 'alarm');
    expect(await alarmsOf(citizen)).toEqual(['does-not-open']);
  }
  scene.sfu.tamper(({ packet }) => [packet]);
  await isEncrypted(citizen);
});

test('attack 42: what is sent again, or has one bit changed anywhere, is neither played nor shown', async () => {
  await using scene = await openScene();
  const citizen = await openBoth(scene);
  await hearsAndSees(citizen);
  const recorded: Record<string, Buffer[]> = { microphone: [], camera: [] };
  scene.sfu.tamper((passing) => {
    if (ofOfficial(passing)) recorded[passing.source]?.push(Buffer.from(passing.packet.payload));
    return [passing.packet];
  });
  await hearsAndSees(citizen);
  let turn = 0;
  scene.sfu.tamper((passing) => {
    const before = recorded[passing.source] ?? [];
    turn += 1;
    return [ofOfficial(passing) ? withPayload(passing.packet, before[turn % before.length] ?? Buffer.alloc(1)) : passing.packet];
  });
  await untilConcealed(citizen);
  expect(await framesWhile(citizen, async () => await untilConcealed(citizen))).toBe(0);
  await citizen.waitForFunction(() => window.callPage.security()?.state === 'alarm');

  scene.sfu.tamper((passing) => {
    const payload = Buffer.from(passing.packet.payload);
    turn += 1;
    // Behind what a packet says of itself (RFC 7741 §4.2): the frame from its first byte on, wherever.
    const start = passing.source === 'camera' ? descriptorBytes(payload) : 0;
    const at = start + (turn % Math.max(1, payload.length - start));
    if (ofOfficial(passing) && at < payload.length) payload[at] = (payload[at] ?? 0) ^ (1 << (turn % 8));
    return [withPayload(passing.packet, payload)];
  });
  await untilConcealed(citizen);
  expect(await framesWhile(citizen, async () => await untilConcealed(citizen))).toBe(0);

  scene.sfu.tamper(({ packet }) => [packet]);
  await hearsAndSees(citizen);
  await isEncrypted(citizen);
});

test('attack 43: a voice in the place of another one’s, and a screen in the place of a camera, are dropped and told', async () => {
  await using scene = await openScene(['citizen', 'official', 'colleague']);
  const [citizen, other, colleague] = [await scene.open('citizen'), await scene.open('official'), await scene.open('colleague')];
  await Promise.all([joinCall(other, ['microphone', 'camera', 'screen']), joinCall(colleague, ['microphone'])]);
  await other.waitForFunction(() => window.callPage.own()?.isSending.screen === true && window.callPage.own()?.isSending.camera === true);
  const producerOf = (name: string, source: string): string =>
    found(scene.sfu.producers.find((each) => each.ownerId === accountOf(name) && each.source === source)).producerId;
  scene.sfu.swap(producerOf('colleague', 'microphone'), producerOf('official', 'microphone'));
  scene.sfu.swap(producerOf('official', 'camera'), producerOf('official', 'screen'));
  await joinCall(citizen, ['microphone']);
  await citizen.waitForFunction(() => window.callPage.security()?.alarms.filter(({ reason }) => reason === 'swapped').length === 2);
  const opening = await citizen.evaluate(() =>
    window.callPage
      .people()
      .flatMap(({ displayName, tracks }) => tracks.map(({ source, isDecrypting }) => `${displayName} ${source} ${isDecrypting}`)),
  );
  expect(opening.toSorted()).toEqual([
    'colleague microphone false',
    'official camera false',
    'official microphone true',
    'official screen true',
  ]);
});

test('attack 44: who comes late cannot open what was recorded before, and who has left cannot open what is said afterwards', async () => {
  await using scene = await openScene(['citizen', 'official', 'colleague']);
  const recorded: Buffer[] = [];
  scene.sfu.tamper((passing) => {
    if (ofOfficial(passing)) recorded.push(Buffer.from(passing.packet.payload));
    return [passing.packet];
  });
  const citizen = await openBoth(scene, ['microphone']);
  await citizen.evaluate(async () => await window.callPage.untilReceived({ frames: 0, audioPackets: 100 }));
  let turn = 0;
  scene.sfu.tamper((passing) => {
    turn += 1;
    return [ofOfficial(passing) ? withPayload(passing.packet, recorded[turn % recorded.length] ?? Buffer.alloc(1)) : passing.packet];
  });
  const colleague = await scene.open('colleague');
  await joinCall(colleague, []);
  await colleague.waitForFunction(() => window.callPage.security()?.alarms.some(({ reason }) => reason === 'does-not-open') === true);
  expect(await colleague.evaluate(async (accountId) => await window.callPage.energyOf(accountId), official)).toBe(0);

  scene.sfu.tamper(({ packet }) => [packet]);
  await isEncrypted(colleague);
  scene.bridge.expel('colleague');
  await untilConcealed(colleague);
  await citizen.evaluate(async () => await window.callPage.untilReceived({ frames: 0, audioPackets: 50 }));
  await isEncrypted(citizen);
});

test.each([
  ['missing', () => Reflect.deleteProperty(globalThis, 'RTCRtpScriptTransform')],
  [
    'throwing',
    () =>
      Reflect.set(globalThis, 'RTCRtpScriptTransform', function refuse() {
        throw new Error('no');
      }),
  ],
])('attack 46: with RTCRtpScriptTransform %s nothing is ever sent', async (_, spoil) => {
  await using scene = await openScene();
  const packets: string[] = [];
  scene.sfu.tamper((passing) => {
    packets.push(passing.ownerId);
    return [passing.packet];
  });
  const citizen = await scene.open('citizen');
  await citizen.evaluate(spoil);
  const other = await scene.open('official');
  await joinCall(other);
  await joinCall(citizen);
  await citizen.waitForFunction(() => window.callPage.state() === 'unsupported');
  await citizen.waitForFunction(() => window.callPage.security()?.state === 'unsupported');
  expect(packets.filter((ownerId) => ownerId === accountOf('citizen'))).toEqual([]);
  expect(scene.sfu.producers.filter(({ ownerId }) => ownerId === accountOf('citizen'))).toEqual([]);
});

function payloadOf(packet: Buffer): Uint8Array<ArrayBuffer> {
  const contributors = 12 + 4 * ((packet[0] ?? 0) & 0x0f);
  const hasExtension = ((packet[0] ?? 0) & 0x10) !== 0;
  return Uint8Array.from(packet.subarray(hasExtension ? contributors + 4 + 4 * packet.readUInt16BE(contributors + 2) : contributors));
}

/** RFC 7741 §4.2. */
function descriptorBytes(payload: Uint8Array): number {
  const [first = 0, extension = 0, picture = 0] = payload;
  if ((first & 0x80) === 0) return 1;
  const pictureBytes = (extension & 0x80) === 0 ? 0 : (picture & 0x80) === 0 ? 1 : 2;
  return 2 + pictureBytes + ((extension & 0x40) === 0 ? 0 : 1) + ((extension & 0x30) === 0 ? 0 : 1);
}

/** The first packet of a picture, from the picture's first byte on; null for the others. */
function startOfPicture(packet: Buffer): { readonly bytes: Uint8Array<ArrayBuffer>; readonly clear: number } | null {
  const payload = payloadOf(packet);
  if (((payload[0] ?? 0) & 0x17) !== 0x10) return null;
  const bytes = payload.slice(descriptorBytes(payload));
  return { bytes, clear: ((bytes[0] ?? 1) & 1) === 0 ? 10 : 1 };
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('there is none');
  return value;
}
