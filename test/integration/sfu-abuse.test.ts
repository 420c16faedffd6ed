import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectSfu, type SfuClient } from '../../server/calls/sfu-client.ts';
import { createLog } from '../../server/platform/log.ts';
import { cameraSsrc, startMediaCall, type MediaCall } from '../support/media-call.ts';
import { residentBytes } from '../support/resident-bytes.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';
import { bindingRequest, isSuccess } from '../support/stun.ts';

/** A repeatable stream of numbers: what fails once fails again. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const randomBytes = (random: (below: number) => number, length: number): Buffer => Buffer.from(Array.from({ length }, () => random(256)));

// The numbers are those of the cases in the threat list: M, media.
describe('what can be sent to the media port of the sfu', () => {
  let sfu: TestSfu;
  let client: SfuClient;
  let workerPid: number;
  let call: MediaCall;
  const strangers: Socket[] = [];

  beforeAll(async () => {
    sfu = await startTestSfu();
    client = connectSfu({ ...sfu, log: createLog('silent') });
    const { workers } = await client.request('node:status', {});
    workerPid = workers[0]?.pid ?? 0;
  });

  beforeEach(async () => {
    call = await startMediaCall(client, 'room');
    await call.exchange(20);
  });

  afterEach(async () => {
    for (const socket of strangers.splice(0)) socket.close();
    await call.close();
    const { workers } = await client.request('node:status', {});
    expect(workers.map(({ pid }) => pid)).toEqual([workerPid]);
  });

  afterAll(async () => {
    client.close();
    await sfu.close();
  });

  async function stranger(): Promise<Socket> {
    const socket = createSocket('udp4');
    strangers.push(socket);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  }

  function sendTo(socket: Socket, datagram: Buffer): Promise<void> {
    return new Promise((resolve, reject) => socket.send(datagram, call.port, '127.0.0.1', (error) => (error ? reject(error) : resolve())));
  }

  test('20,000 datagrams of somebody who has no part in a call get no answer and disturb nobody (M01, M02, M12)', async () => {
    const socket = await stranger();
    let answers = 0;
    socket.on('message', () => (answers += 1));
    const random = seeded(1);
    const { usernameFragment, password } = call.ice;
    const header = call.nextHeader();
    const unknown = bindingRequest({ usernameFragment: 'nobodynobodynobody', password });
    const kinds = [
      (): Buffer => unknown,
      (): Buffer => randomBytes(random, 1 + random(200)),
      // A STUN header whose length lies, then attributes whose lengths lie.
      (): Buffer => Buffer.concat([unknown.subarray(0, 20), randomBytes(random, random(60))]),
      (): Buffer => unknown.subarray(0, 20 + random(unknown.length - 20)),
      // RFC 7983: 20 to 63 is DTLS, 128 to 191 RTP and RTCP; the latter with the call's own SSRC.
      (): Buffer => Buffer.concat([Buffer.from([22, 254, 253, 0, 0]), randomBytes(random, 8 + random(300))]),
      (): Buffer => Buffer.concat([header, randomBytes(random, random(300))]),
    ];
    for (let index = 0; index < 20_000; index += 1) await sendTo(socket, kinds[index % kinds.length]?.() ?? unknown);
    await call.exchange(100);
    expect(answers).toBe(0);

    // Who knows the user name and not the password is told so, in fewer bytes than he sent.
    const wrong = bindingRequest({ usernameFragment, password: 'not the password' });
    const refused = once(socket, 'message');
    await sendTo(socket, wrong);
    const [answer] = await refused;
    expect(isSuccess(answer)).toBe(false);
    expect(answer.length).toBeLessThanOrEqual(wrong.length);
    await call.exchange(20);
  });

  test('the answer to a rightful request is not longer than the request (M12)', async () => {
    const socket = await stranger();
    const request = bindingRequest(call.ice);
    const answered = once(socket, 'message');
    await sendTo(socket, request);
    const [answer] = await answered;
    expect(isSuccess(answer)).toBe(true);
    expect(answer.length).toBeLessThanOrEqual(request.length);
  });

  test('packets of a call sent again, changed, or from another address do not reach the other side (M05, M06)', async () => {
    const socket = await stranger();
    const before = call.official.received;
    const genuine = call.citizen.sendRtp(call.nextHeader(), Buffer.from([0x10, 0x54, 1, 2, 3]));
    const changed = Buffer.from(call.citizen.sendRtp(call.nextHeader(), Buffer.from([0x10, 0x54, 4, 5, 6])));
    changed.writeUInt16BE(changed.readUInt16BE(2) + 1_000, 2);
    for (let index = 0; index < 200; index += 1) {
      call.citizen.send(genuine);
      call.citizen.send(changed);
      await sendTo(socket, genuine);
      await sendTo(socket, changed);
    }
    const sent = await call.exchange(100);
    expect(call.official.received - before).toBeGreaterThanOrEqual(102);
    expect(call.official.received - before).toBeLessThanOrEqual(2 + sent);
  });

  test('20,000 mangled packets of a rightful sender, all with a right tag, leave the worker as it was (M07)', async () => {
    const random = seeded(7);
    const memoryBefore = await residentBytes(workerPid);
    const before = call.official.received;
    for (let index = 0; index < 20_000; index += 1) {
      if (index % 2 === 0) call.citizen.sendRtp(mangledHeader(call.nextHeader(), random), randomBytes(random, random(60)));
      else call.citizen.sendRtcp(mangledControl(random));
      // What the worker's socket buffer has no room for would be no test.
      if (index % 100 === 0) await client.request('node:status', {});
    }
    const sent = await call.exchange(100);
    // Not all of them ended at the worker's door.
    expect(call.official.received - before - sent).toBeGreaterThan(1_000);
    expect((await residentBytes(workerPid)) - memoryBefore).toBeLessThan(64 * 1024 * 1024);
  });

  test('of a storm of wishes for a key frame the sender hears one a second (M10, S11)', async () => {
    let asked = 0;
    const startedAt = performance.now();
    call.citizen.onControl((packet) => {
      // RFC 4585 §6.3: payload-specific feedback.
      if (packet[1] === 206) asked += 1;
    });
    const pictureLoss = Buffer.alloc(12);
    pictureLoss.set([0x81, 206, 0, 2]);
    pictureLoss.writeUInt32BE(1, 4);
    pictureLoss.writeUInt32BE(call.receivedSsrc, 8);
    call.official.sendRtcp(pictureLoss);
    await vi.waitUntil(() => asked > 0, { timeout: 10_000 });
    for (let index = 0; index < 100; index += 1) {
      for (let each = 0; each < 10; each += 1) call.official.sendRtcp(pictureLoss);
      await call.exchange(1);
    }
    await call.exchange(20);
    const seconds = Math.ceil((performance.now() - startedAt) / 1_000);
    // One at once, and the last one again when no picture came.
    expect(asked).toBeLessThanOrEqual(seconds + 2);
  });
});

/** RFC 3550 §5.1: a header that libsrtp can follow, with sources and extensions that say anything. */
function mangledHeader(header: Buffer, random: (below: number) => number): Buffer {
  const sources = random(16);
  const words = random(12);
  const hasExtension = random(2) === 1;
  header[0] = 0x80 | (random(2) << 5) | (hasExtension ? 0x10 : 0) | sources;
  const extension = Buffer.concat([
    Buffer.from([random(2) === 1 ? 0xbe : 0x10, random(2) === 1 ? 0xde : 0, 0, words]),
    randomBytes(random, words * 4),
  ]);
  return Buffer.concat([header, randomBytes(random, sources * 4), ...(hasExtension ? [extension] : [])]);
}

/** RFC 3550 §6, RFC 4585 §6.1: any type, any count, any length. */
function mangledControl(random: (below: number) => number): Buffer {
  const packets = Array.from({ length: 1 + random(3) }, () => {
    const body = randomBytes(random, random(80));
    const head = Buffer.from([0x80 | random(64), 200 + random(8), 0, random(30)]);
    const ssrc = Buffer.alloc(4);
    ssrc.writeUInt32BE(cameraSsrc);
    return Buffer.concat([head, ssrc, body]);
  });
  return Buffer.concat(packets);
}
