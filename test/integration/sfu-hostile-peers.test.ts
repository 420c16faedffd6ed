import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectSfu, type SfuClient } from '../../server/calls/sfu-client.ts';
import { createLog } from '../../server/platform/log.ts';
import type { SfuEvents } from '../../sfu/protocol/events.ts';
import { clientHello, dtls10, extension, helloPiece, isServerHello, nullSuites } from '../support/client-hello.ts';
import { startMediaCall, type MediaCall } from '../support/media-call.ts';
import { createIdentity, MediaPeer, type Identity } from '../support/media-peer.ts';
import { vp8Parameters } from '../support/rtp-parameters.ts';
import { residentBytes } from '../support/resident-bytes.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';
import { bindingRequest, type IceCredentials, isStun, isSuccess } from '../support/stun.ts';

const strangers = 1_000;
const keptStrangers = 256;

// The numbers are those of the cases in the threat list: M, media.
describe('somebody who has a part in a call and means harm', () => {
  let sfu: TestSfu;
  let client: SfuClient;
  let identity: Identity;
  let workerPid: number;
  let call: MediaCall;
  const sockets: Socket[] = [];
  let flood: NodeJS.Timeout | undefined;

  beforeAll(async () => {
    sfu = await startTestSfu();
    client = connectSfu({ ...sfu, log: createLog('silent') });
    identity = await createIdentity();
    const { workers } = await client.request('node:status', {});
    workerPid = workers[0]?.pid ?? 0;
  });

  // Another call on the same worker, which goes on through all of it.
  beforeEach(async () => {
    call = await startMediaCall(client, 'room');
    await call.exchange(20);
    await client.request('room:open', { roomId: 'harm' });
  });

  afterEach(async () => {
    clearInterval(flood);
    for (const socket of sockets.splice(0)) socket.close();
    await call.exchange(100);
    await call.close();
    await client.request('room:close', { roomId: 'harm' });
    const { workers } = await client.request('node:status', {});
    expect(workers.map(({ pid }) => pid)).toEqual([workerPid]);
  });

  afterAll(async () => {
    client.close();
    await identity.remove();
    await sfu.close();
  });

  async function open(): Promise<Socket> {
    const socket = createSocket('udp4');
    sockets.push(socket);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  }

  const sendTo = (socket: Socket, datagram: Buffer): void => socket.send(datagram, call.port, '127.0.0.1');

  /** Resolves when the worker has answered, and so has read all that was sent before. */
  async function ping(socket: Socket, ice: IceCredentials, options?: { nominates: boolean }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const listen = (datagram: Buffer): void => {
      if (isSuccess(datagram)) resolve();
    };
    socket.on('message', listen);
    sendTo(socket, bindingRequest(ice, options));
    await promise;
    socket.off('message', listen);
  }

  /** What the worker says to these first words of a handshake, on a transport of their own. */
  async function answersTo(words: readonly Buffer[]): Promise<readonly Buffer[]> {
    const address = { roomId: 'harm', peerId: 'page', ownerId: 'person' };
    const { send } = await client.request('peer:join', address);
    await client.request('transport:connect', {
      ...address,
      transportId: send.transportId,
      dtlsParameters: identity.dtlsParameters,
    });
    const socket = await open();
    const answers: Buffer[] = [];
    socket.on('message', (datagram) => {
      if (!isStun(datagram)) answers.push(datagram);
    });
    await ping(socket, send.iceParameters);
    // Where the handshake fails, the transport goes, and nobody answers any more.
    const failed = Promise.withResolvers<void>();
    const stop = client.on('peer-closed', ({ roomId }) => roomId === 'harm' && failed.resolve());
    for (const word of words) sendTo(socket, word);
    await Promise.race([ping(socket, send.iceParameters), failed.promise]);
    await call.exchange(1);
    await client.request('peer:leave', address);
    await failed.promise;
    stop();
    return answers;
  }

  test('a handshake without encryption, of an old version, in lying pieces or with 65,000 bytes of cookie is not begun (M03)', async () => {
    const good = clientHello();
    // So that silence means something.
    expect((await answersTo([helloPiece(good)])).some(isServerHello)).toBe(true);
    expect((await answersTo(inPieces(good, 40).toReversed())).some(isServerHello)).toBe(true);

    const cookie = extension(44, Buffer.alloc(65_000, 7));
    const hostile: readonly (readonly Buffer[])[] = [
      [helloPiece(clientHello({ suites: nullSuites }))],
      [helloPiece(clientHello({ version: dtls10 }), { version: dtls10 })],
      // Plain TLS 1.2, and a version that does not exist.
      [helloPiece(clientHello({ version: 0x0303 }), { version: 0x0303 })],
      [helloPiece(clientHello({ version: 0x0000 }), { version: 0x0000 })],
      // Pieces of nothing, beyond the end, of 16 MiB, over one another with other contents, and never the last.
      Array.from({ length: 200 }, (_, sequence) => helloPiece(Buffer.alloc(0), { sequence, total: good.length, offset: sequence })),
      [helloPiece(good, { total: 10 })],
      [helloPiece(good, { total: 0xff_ffff })],
      [helloPiece(good.subarray(0, 40), { total: good.length, offset: 0xff_fff0 })],
      [helloPiece(good.subarray(0, 40), { total: good.length, length: 4_000 })],
      Array.from({ length: 200 }, (_, sequence) =>
        helloPiece(Buffer.alloc(30, sequence), { sequence, total: good.length, offset: (sequence * 7) % 60 }),
      ),
      inPieces(good, 1).slice(0, -1),
      // A cookie as long as its one byte of length can say, in a message that ends before.
      [helloPiece(Buffer.concat([good.subarray(0, 35), Buffer.from([255]), good.subarray(36)]))],
      [helloPiece(good).subarray(0, 20)],
    ];
    for (const [index, words] of hostile.entries()) {
      const answers = await answersTo(words);
      expect({ index, begun: answers.filter(isServerHello).length }).toEqual({ index, begun: 0 });
      expect(answers.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(words.reduce((sum, { length }) => sum + length, 0) + 100);
    }
    // It is well formed, so it may be answered; it is not kept.
    const memoryBefore = await residentBytes(workerPid);
    for (let round = 0; round < 20; round += 1) await answersTo(inPieces(clientHello({ more: [cookie] }), 1_000));
    expect((await residentBytes(workerPid)) - memoryBefore).toBeLessThan(32 * 1024 * 1024);
  });

  test('whoever shows another certificate than was announced has no media: the transport fails (M04)', async () => {
    const another = await createIdentity();
    const address = { roomId: 'harm', peerId: 'page', ownerId: 'person' };
    const states: SfuEvents['transport-state'][] = [];
    const gone = Promise.withResolvers<SfuEvents['peer-closed']>();
    const added: string[] = [];
    const stops = [
      client.on('transport-state', (fact) => void states.push(fact)),
      client.on('peer-closed', (fact) => fact.roomId === 'harm' && gone.resolve(fact)),
      client.on('producer-added', ({ producer }) => void added.push(producer.producerId)),
    ];
    const { send } = await client.request('peer:join', address);
    const { transportId, iceParameters: ice } = send;
    await client.request('transport:connect', { ...address, transportId, dtlsParameters: identity.dtlsParameters });
    // By the time the handshake ends there is a track to send to: it must not get anything.
    const camera = { producerId: 'stolen', kind: 'video', source: 'camera', rtpParameters: vp8Parameters(9_999) } as const;
    await client.request('producer:create', { ...address, ...camera });
    const peer = await MediaPeer.connect({ identity: another, workerPort: call.port, ice, suite: 'SRTP_AEAD_AES_128_GCM' }).catch(
      () => null,
    );
    expect(await gone.promise).toEqual({ ...address, reason: 'network' });
    expect(states.map(({ state }) => state)).toEqual(['failed']);
    peer?.close();
    for (const stop of stops) stop();
    await another.remove();
  });

  test('of twelve addresses that know a transport’s password eight are kept, the one in use among them (M08)', async () => {
    const others = await Promise.all(Array.from({ length: 12 }, open));
    for (const socket of others) await ping(socket, call.ice, { nominates: false });
    const before = call.official.received;
    for (const socket of others) sendTo(socket, call.citizen.seal(call.nextHeader(), Buffer.from([0x10, 0x54, 1, 2, 3])));
    const sent = await call.exchange(20);
    expect(call.official.received - before - sent).toBe(7);
  });

  test(
    'who falls silent without a good-bye is told as away after 15 seconds, and is gone 15 later (M13)',
    { timeout: 60_000 },
    async () => {
      const silent = await startMediaCall(client, 'silent');
      const told: string[] = [];
      const gone = Promise.withResolvers<void>();
      const stops = [
        client.on('transport-state', ({ peerId, state }) => void told.push(`${peerId} ${state}`)),
        client.on('peer-closed', ({ roomId, peerId, reason }) => {
          if (roomId !== 'silent') return;
          told.push(`${peerId} ${reason}`);
          gone.resolve();
        }),
      ];
      silent.citizen.fallSilent();
      await gone.promise;
      for (const stop of stops) stop();
      expect(told).toEqual(['citizen-page disconnected', 'citizen-page network']);
      await silent.close();
    },
  );

  test('who sends 50 Mbit/s has to go, and another call loses nothing by it (M09)', async () => {
    const harm = await startMediaCall(client, 'flood');
    const gone = Promise.withResolvers<SfuEvents['peer-closed']>();
    const stop = client.on('peer-closed', (fact) => fact.roomId === 'flood' && gone.resolve(fact));
    const payload = Buffer.alloc(1_200, 0x54);
    const everyMs = 10;
    const packets = Math.round((50e6 / 8 / payload.length / 1_000) * everyMs);
    flood = setInterval(() => {
      for (let index = 0; index < packets; index += 1) harm.citizen.sendRtp(harm.nextHeader(), payload);
    }, everyMs);
    const over = gone.promise.then(() => true);
    const before = call.official.received;
    let sent = 0;
    // As much as a camera sends, or this one would have to go, too.
    do sent += await call.exchange(20);
    while (!(await Promise.race([over, pause(50, false)])));
    clearInterval(flood);
    stop();
    expect(await gone.promise).toMatchObject({ peerId: 'citizen-page', reason: 'network' });
    expect(call.official.received - before).toBeGreaterThanOrEqual(0.99 * sent);
    await harm.close();
  });

  test('of a thousand connections to the TCP port that say nothing 256 are kept, and those not for long; who is known stays (M11)', async () => {
    const known = connect({ port: call.tcpPort, host: '127.0.0.1', noDelay: true });
    await answeredOver(known, call.ice);
    const all = Array.from({ length: strangers }, (_, index) => {
      const socket = connect({ port: call.tcpPort, host: '127.0.0.1' }).on('error', () => undefined);
      // Some say what nobody understands.
      if (index % 10 === 0) socket.write(Buffer.from([0, 20, ...Array.from({ length: 20 }, () => index % 256)]));
      socket.resume();
      return { socket, closed: new Promise<void>((resolve) => void socket.once('close', () => resolve())) };
    });
    const stillOpen = (): number => all.filter(({ socket }) => !socket.destroyed).length;
    await vi.waitUntil(() => stillOpen() <= keptStrangers, { timeout: 10_000 });
    await call.exchange(50);
    await Promise.all(all.map(async ({ closed }) => await closed));
    await answeredOver(known, call.ice);
    known.destroy();
  });
});

/** A ClientHello in records of so many bytes of it. */
const inPieces = (body: Buffer, bytes: number): Buffer[] =>
  Array.from({ length: Math.ceil(body.length / bytes) }, (_, index) =>
    helloPiece(body.subarray(index * bytes, (index + 1) * bytes), { sequence: index, total: body.length, offset: index * bytes }),
  );

/** RFC 4571: each message after its length. */
async function answeredOver(socket: TcpSocket, ice: IceCredentials): Promise<void> {
  const request = bindingRequest(ice, { nominates: false });
  const length = Buffer.alloc(2);
  length.writeUInt16BE(request.length);
  const answered = once(socket, 'data');
  socket.write(Buffer.concat([length, request]));
  const [answer] = await answered;
  expect(isSuccess(answer.subarray(2))).toBe(true);
}
