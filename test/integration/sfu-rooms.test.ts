import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectSfu, type SfuClient } from '../../server/calls/sfu-client.ts';
import { createLog } from '../../server/platform/log.ts';
import type { PeerAddress, SfuResult } from '../../sfu/protocol/requests.ts';
import { dtlsParameters, opusParameters, rtpCapabilities, vp8Parameters } from '../support/rtp-parameters.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';

const roomId = 'room';
const citizen: PeerAddress = { roomId, peerId: 'page-1', ownerId: 'citizen' };
const official: PeerAddress = { roomId, peerId: 'page-2', ownerId: 'official' };

const many = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);

describe('rooms of the sfu', () => {
  let sfu: TestSfu;
  let client: SfuClient;

  beforeAll(async () => {
    sfu = await startTestSfu();
    client = connectSfu({ ...sfu, log: createLog('silent') });
  });

  afterEach(async () => void (await client.request('room:close', { roomId })));

  afterAll(async () => {
    client.close();
    await sfu.close();
  });

  async function join(address: PeerAddress): Promise<SfuResult<'peer:join'>> {
    await client.request('room:open', { roomId: address.roomId });
    return await client.request('peer:join', address);
  }

  async function joinConnected(address: PeerAddress): Promise<SfuResult<'peer:join'>> {
    const joined = await join(address);
    await client.request('transport:connect', { ...address, transportId: joined.send.transportId, dtlsParameters });
    return joined;
  }

  async function view(): Promise<SfuResult<'room:list'>['rooms'][number] | undefined> {
    const { rooms } = await client.request('room:list', {});
    return rooms.find((room) => room.roomId === roomId);
  }

  test('a peer is told codecs that can be encrypted end to end, and nothing that shows who speaks', async () => {
    const { routerRtpCapabilities } = await join(citizen);
    expect(routerRtpCapabilities.codecs?.map(({ mimeType }) => mimeType)).toEqual(['audio/opus', 'video/VP8', 'video/rtx']);
    expect(routerRtpCapabilities.headerExtensions?.map(({ uri }) => uri)).not.toContain('urn:ietf:params:rtp-hdrext:ssrc-audio-level');
  });

  test('UDP and TCP of the worker are offered, UDP first', async () => {
    const { send } = await join(citizen);
    expect([...send.iceCandidates].sort((one, other) => other.priority - one.priority).map(({ protocol }) => protocol)).toEqual([
      'udp',
      'tcp',
    ]);
  });

  test('opening, joining, connecting, producing, consuming and closing twice is the same as once', async () => {
    const joined = await joinConnected(citizen);
    const again = await joinConnected(citizen);
    expect([again.send.transportId, again.receive.transportId]).toEqual([joined.send.transportId, joined.receive.transportId]);
    const produce = { ...citizen, producerId: 'voice', kind: 'audio', source: 'microphone', rtpParameters: opusParameters() } as const;
    await Promise.all([client.request('producer:create', produce), client.request('producer:create', produce)]);
    await client.request('producer:create', produce);
    const { producers } = await joinConnected(official);
    expect(producers).toEqual([
      { producerId: 'voice', peerId: 'page-1', ownerId: 'citizen', kind: 'audio', source: 'microphone', paused: false },
    ]);
    const consume = { ...official, producerId: 'voice', rtpCapabilities };
    const [one, other] = await Promise.all([client.request('consumer:create', consume), client.request('consumer:create', consume)]);
    expect(one).toEqual(other);
    await client.request('consumer:resume', { ...official, consumerId: one.consumerId });
    await client.request('consumer:resume', { ...official, consumerId: one.consumerId });
    expect(await view()).toMatchObject({ peers: [{ producers: 1 }, { consumers: 1 }] });
    await client.request('producer:close', { ...citizen, producerId: 'voice' });
    await client.request('producer:close', { ...citizen, producerId: 'voice' });
    // The worker says of its own accord that the consumer has gone with it.
    await expect.poll(view).toMatchObject({ peers: [{ producers: 0 }, { consumers: 0 }] });
    await client.request('peer:leave', citizen);
    await client.request('peer:leave', citizen);
    expect((await view())?.peers).toHaveLength(1);
  });

  test('the same producer id for another track, of the same peer or of another, is a conflict', async () => {
    await joinConnected(citizen);
    await joinConnected(official);
    await client.request('producer:create', {
      ...citizen,
      producerId: 'one',
      kind: 'audio',
      source: 'microphone',
      rtpParameters: opusParameters(),
    });
    const other = { producerId: 'one', kind: 'video', source: 'camera', rtpParameters: vp8Parameters() } as const;
    await expect(client.request('producer:create', { ...citizen, ...other })).rejects.toMatchObject({ code: 'conflict' });
    await expect(client.request('producer:create', { ...official, ...other })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a reloaded page replaces the earlier one: its tracks end, and the earlier page gets conflict for ever', async () => {
    await joinConnected(citizen);
    await client.request('producer:create', {
      ...citizen,
      producerId: 'voice',
      kind: 'audio',
      source: 'microphone',
      rtpParameters: opusParameters(),
    });
    const ended = Promise.withResolvers<string>();
    const replaced = Promise.withResolvers<PeerAddress & { reason: string }>();
    const stops = [client.on('producer-closed', ({ producerId }) => ended.resolve(producerId)), client.on('peer-closed', replaced.resolve)];
    const reloaded = { ...citizen, peerId: 'page-3' };
    await join(reloaded);
    expect(await ended.promise).toBe('voice');
    expect(await replaced.promise).toEqual({ ...citizen, reason: 'replaced' });
    for (const stop of stops) stop();
    await expect(client.request('peer:join', citizen)).rejects.toMatchObject({ code: 'conflict' });
    await expect(client.request('producer:pause', { ...citizen, producerId: 'voice', paused: true })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect((await view())?.peers.map(({ peerId }) => peerId)).toEqual(['page-3']);
  });

  test('somebody else cannot speak for a peer', async () => {
    await joinConnected(citizen);
    await expect(client.request('peer:join', { ...citizen, ownerId: 'thief' })).rejects.toMatchObject({ code: 'conflict' });
    await client.request('peer:leave', { ...citizen, ownerId: 'thief' });
    expect((await view())?.peers).toHaveLength(1);
  });

  test('producing before connecting is bad_state, and so is connecting anew with another certificate (S04)', async () => {
    const { send } = await join(citizen);
    const produce = { ...citizen, producerId: 'voice', kind: 'audio', source: 'microphone', rtpParameters: opusParameters() } as const;
    await expect(client.request('producer:create', produce)).rejects.toMatchObject({ code: 'bad_state' });
    const connect = { ...citizen, transportId: send.transportId };
    await client.request('transport:connect', { ...connect, dtlsParameters });
    const other = { fingerprints: [{ algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'ff').join(':') }] } as const;
    await expect(
      client.request('transport:connect', { ...connect, dtlsParameters: { fingerprints: [...other.fingerprints] } }),
    ).rejects.toMatchObject({ code: 'bad_state' });
    await client.request('producer:create', produce);
  });

  test('transports, producers and consumers of another peer, and producers of another room, are not_found (S04, S06)', async () => {
    const { send } = await joinConnected(citizen);
    await joinConnected(official);
    const elsewhere = { roomId: 'elsewhere', peerId: 'page-9', ownerId: 'official' };
    await join(elsewhere);
    await client.request('producer:create', {
      ...citizen,
      producerId: 'voice',
      kind: 'audio',
      source: 'microphone',
      rtpParameters: opusParameters(),
    });
    const { consumerId } = await client.request('consumer:create', { ...official, producerId: 'voice', rtpCapabilities });
    const attempts = [
      client.request('transport:connect', { ...official, transportId: send.transportId, dtlsParameters }),
      client.request('transport:restart-ice', { ...official, transportId: send.transportId }),
      client.request('producer:pause', { ...official, producerId: 'voice', paused: true }),
      client.request('consumer:resume', { ...citizen, consumerId }),
      client.request('consumer:create', { ...citizen, producerId: 'voice', rtpCapabilities }),
      client.request('consumer:create', { ...elsewhere, producerId: 'voice', rtpCapabilities }),
      client.request('peer:join', { ...citizen, roomId: 'nowhere' }),
    ];
    for (const attempt of await Promise.allSettled(attempts))
      expect(attempt).toMatchObject({ status: 'rejected', reason: { code: 'not_found' } });
    // Closing somebody else's producer is like closing none.
    await client.request('producer:close', { ...official, producerId: 'voice' });
    expect(await view()).toMatchObject({ peers: [{ producers: 1 }, { producers: 0 }] });
    await client.request('room:close', { roomId: 'elsewhere' });
  });

  test('a peer has four producers at most and a room six peers, so that nobody has more than 20 consumers (S05)', async () => {
    const peers = Array.from({ length: 7 }, (_, index) => ({ roomId, peerId: `page-${index}`, ownerId: `person-${index}` }));
    const [first, ...rest] = peers;
    const last = rest.pop();
    if (!first || !last) throw new Error('nobody is there');
    await joinConnected(first);
    for (const peer of rest) {
      await joinConnected(peer);
      for (let index = 0; index < 4; index += 1)
        await client.request('producer:create', {
          ...peer,
          producerId: `${peer.peerId}-${index}`,
          kind: 'audio',
          source: 'microphone',
          rtpParameters: opusParameters(1_000 + index),
        });
      const fifth = { ...peer, producerId: 'fifth', kind: 'audio', source: 'microphone', rtpParameters: opusParameters(5_000) } as const;
      await expect(client.request('producer:create', fifth)).rejects.toMatchObject({ code: 'bad_state' });
    }
    await expect(join(last)).rejects.toMatchObject({ code: 'bad_state' });
    const { producers } = await join(first);
    expect(producers).toHaveLength(20);
    for (const { producerId } of producers) await client.request('consumer:create', { ...first, producerId, rtpCapabilities });
    expect((await view())?.peers[0]).toMatchObject({ consumers: 20 });
  });

  test('a track of one kind announced as the other, or in a codec the room has not, is refused (S03)', async () => {
    await joinConnected(citizen);
    const attempts = [
      { kind: 'video' as const, rtpParameters: opusParameters() },
      { kind: 'audio' as const, rtpParameters: vp8Parameters() },
      {
        kind: 'video' as const,
        rtpParameters: { ...vp8Parameters(), codecs: [{ mimeType: 'video/H264', payloadType: 96, clockRate: 90_000 }] },
      },
    ];
    for (const attempt of attempts)
      await expect(client.request('producer:create', { ...citizen, producerId: 'p', source: 'camera', ...attempt })).rejects.toMatchObject({
        code: 'bad_request',
      });
    await client.request('producer:create', {
      ...citizen,
      producerId: 'p',
      kind: 'audio',
      source: 'microphone',
      rtpParameters: opusParameters(),
    });
  });

  test('of the malformed descriptions of S01 and S02 none reaches a worker', async () => {
    const { send } = await joinConnected(citizen);
    const { workers } = await client.request('node:status', {});
    const [fingerprint] = dtlsParameters.fingerprints;
    if (!fingerprint) throw new Error('no fingerprint');
    const fingerprints = [
      [],
      many(1_000, fingerprint),
      [{ ...fingerprint, algorithm: 'sha-1' as const }],
      [{ ...fingerprint, value: 'zz' }],
      [{ ...fingerprint, value: 'ab' }],
    ];
    for (const each of fingerprints)
      await expect(
        client.request('transport:connect', { ...citizen, transportId: send.transportId, dtlsParameters: { fingerprints: each } }),
      ).rejects.toMatchObject({ code: 'bad_request' });
    const opus = opusParameters();
    const [codec] = opus.codecs;
    if (!codec) throw new Error('no codec');
    const descriptions = [
      { ...opus, codecs: many(1_000, codec) },
      { ...opus, codecs: [] },
      { ...opus, codecs: [codec, codec] },
      { ...opus, encodings: Array.from({ length: 1_000 }, (_, index) => ({ ssrc: index + 1 })) },
      {
        ...opus,
        headerExtensions: Array.from({ length: 1_000 }, (_, index) => ({ uri: 'urn:3gpp:video-orientation' as const, id: index })),
      },
      ...[0, 2 ** 32, -1, 1.5].map((ssrc) => ({ ...opus, encodings: [{ ssrc }] })),
      { ...opus, encodings: [{ ssrc: 5 }, { ssrc: 5 }] },
      { ...opus, encodings: [{ rid: 'r'.repeat(10_000) }] },
      { ...opus, encodings: [{ ssrc: 5, maxBitrate: 10 ** 12 }] },
      { ...opus, mid: 'm'.repeat(10_000) },
    ];
    for (const rtpParameters of descriptions)
      await expect(
        client.request('producer:create', { ...citizen, producerId: 'p', kind: 'audio', source: 'microphone', rtpParameters }),
      ).rejects.toMatchObject({
        code: 'bad_request',
      });
    expect((await client.request('node:status', {})).workers).toEqual(workers);
    await client.request('producer:create', { ...citizen, producerId: 'p', kind: 'audio', source: 'microphone', rtpParameters: opus });
  });

  test('pausing and resuming is told once each', async () => {
    await joinConnected(citizen);
    await client.request('producer:create', {
      ...citizen,
      producerId: 'voice',
      kind: 'audio',
      source: 'microphone',
      rtpParameters: opusParameters(),
    });
    const told: boolean[] = [];
    const closed = Promise.withResolvers<void>();
    const stops = [client.on('producer-paused', ({ paused }) => told.push(paused)), client.on('producer-closed', () => closed.resolve())];
    for (const paused of [true, true, false, false]) await client.request('producer:pause', { ...citizen, producerId: 'voice', paused });
    await client.request('producer:close', { ...citizen, producerId: 'voice' });
    await closed.promise;
    for (const stop of stops) stop();
    expect(told).toEqual([true, false]);
  });
});
