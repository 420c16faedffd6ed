import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectSfu, type SfuClient } from '../../server/calls/sfu-client.ts';
import { createLog } from '../../server/platform/log.ts';
import type { PeerAddress, SfuParams, SfuResult } from '../../sfu/protocol/requests.ts';
import { dtlsParameters, opusParameters, rtpCapabilities, vp8Layers, vp8Parameters } from '../support/rtp-parameters.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';

const roomId = 'room';
const citizen: PeerAddress = { roomId, peerId: 'page-1', ownerId: 'citizen' };
const official: PeerAddress = { roomId, peerId: 'page-2', ownerId: 'official' };
const camera = { producerId: 'picture', kind: 'video', source: 'camera' } as const;
const microphone = { producerId: 'voice', kind: 'audio', source: 'microphone' } as const;
const sctpStreamParameters = { streamId: 0, ordered: true };

describe('layers and texts in the rooms of the sfu', () => {
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

  async function join({ rtpCapabilities: decodes, ...address }: SfuParams<'peer:join'>): Promise<SfuResult<'peer:join'>> {
    await client.request('room:open', { roomId });
    const joined = await client.request('peer:join', { ...address, ...(decodes ? { rtpCapabilities: decodes } : {}) });
    await client.request('transport:connect', { ...address, transportId: joined.send.transportId, dtlsParameters });
    return joined;
  }

  test('a receiver ranks pictures and chooses their layer, twice with the same effect; sound takes the wish and goes first anyway', async () => {
    await join(citizen);
    await client.request('producer:create', { ...citizen, ...camera, rtpParameters: vp8Layers() });
    await client.request('producer:create', { ...citizen, ...microphone, rtpParameters: opusParameters() });
    await client.request('producer:create', {
      ...citizen,
      ...camera,
      producerId: 'screen',
      source: 'screen',
      rtpParameters: vp8Parameters(7_000),
    });
    await join(official);
    const consumers = await Promise.all(
      ['picture', 'voice', 'screen'].map((producerId) => client.request('consumer:create', { ...official, producerId, rtpCapabilities })),
    );
    // Two layers go out as one stream, whose mode tells their number.
    expect(consumers[0]?.rtpParameters.encodings).toMatchObject([{ scalabilityMode: 'L2T1' }]);
    for (const { consumerId } of consumers) {
      await client.request('consumer:resume', { ...official, consumerId });
      for (const small of [true, true, false]) await client.request('consumer:prefer', { ...official, consumerId, priority: 255, small });
      await expect(client.request('consumer:prefer', { ...citizen, consumerId, priority: 1, small: true })).rejects.toMatchObject({
        code: 'not_found',
      });
      for (const priority of [0, 256, 1.5])
        await expect(client.request('consumer:prefer', { ...official, consumerId, priority, small: true })).rejects.toMatchObject({
          code: 'bad_request',
        });
    }
  });

  test('who says at joining what he can decode has a consumer of each producer at once, and the same when he asks again', async () => {
    await join(citizen);
    await client.request('producer:create', { ...citizen, ...camera, rtpParameters: vp8Layers() });
    await client.request('producer:create', { ...citizen, ...microphone, rtpParameters: opusParameters() });
    expect((await join(official)).consumers).toEqual([]);
    await client.request('peer:leave', official);

    const again = { ...official, peerId: 'official-again' };
    const { consumers } = await join({ ...again, rtpCapabilities });
    expect(consumers.map(({ producerId }) => producerId)).toEqual(['picture', 'voice']);
    expect((await client.request('peer:join', { ...again, rtpCapabilities })).consumers).toEqual(consumers);
    for (const consumer of consumers) {
      const { producerId, consumerId } = consumer;
      expect(await client.request('consumer:create', { ...again, producerId, rtpCapabilities })).toEqual(consumer);
      await client.request('consumer:prefer', { ...again, consumerId, priority: 1, small: false });
    }
    const { rooms } = await client.request('room:list', {});
    expect(rooms.find((room) => room.roomId === roomId)?.peers).toContainEqual({
      peerId: again.peerId,
      ownerId: again.ownerId,
      producers: 0,
      consumers: 2,
    });
  });

  test('what a joining page cannot decode is left out, and it joins', async () => {
    await join(citizen);
    await client.request('producer:create', { ...citizen, ...camera, rtpParameters: vp8Layers() });
    await client.request('producer:create', { ...citizen, ...microphone, rtpParameters: opusParameters() });
    const soundOnly = { ...rtpCapabilities, codecs: (rtpCapabilities.codecs ?? []).filter(({ kind }) => kind === 'audio') };
    const { consumers, producers } = await join({ ...official, rtpCapabilities: soundOnly });
    expect(producers.map(({ producerId }) => producerId)).toEqual(['picture', 'voice']);
    expect(consumers.map(({ producerId }) => producerId)).toEqual(['voice']);
  });

  test('more layers than two, and more bits than a picture needs, are refused (S08)', async () => {
    await join(citizen);
    const { encodings: _all, ...rest } = vp8Layers();
    const descriptions = [
      { ...rest, encodings: Array.from({ length: 3 }, (_, index) => ({ ssrc: index + 1 })) },
      { ...rest, encodings: Array.from({ length: 8 }, (_, index) => ({ ssrc: index + 1, maxBitrate: 2_000_000 })) },
      { ...rest, encodings: [{ ssrc: 1, maxBitrate: 1e12 }] },
    ];
    for (const rtpParameters of descriptions)
      await expect(client.request('producer:create', { ...citizen, ...camera, rtpParameters })).rejects.toMatchObject({
        code: 'bad_request',
      });
    for (const source of ['', 'x'.repeat(33), 'a b'])
      await expect(client.request('producer:create', { ...citizen, ...camera, source, rtpParameters: vp8Layers() })).rejects.toMatchObject({
        code: 'bad_request',
      });
  });

  test('a transport takes no address to send to from anybody (S14)', async () => {
    const { receive } = await join(citizen);
    const extra = { remoteIp: '10.0.0.1', remotePort: 80, iceCandidates: [] };
    await expect(
      client.request('transport:connect', { ...citizen, transportId: receive.transportId, dtlsParameters, ...extra }),
    ).rejects.toMatchObject({ code: 'bad_request' });
  });

  test('each has one channel to write on, the others read it, and it goes with its writer', async () => {
    const { send } = await join(citizen);
    expect(send.sctpParameters).toMatchObject({ maxSendMessageSize: 4_096, maxReceiveMessageSize: 4_096 });
    await join(official);
    const added = Promise.withResolvers<unknown>();
    const closed = Promise.withResolvers<unknown>();
    const stops = [client.on('data-producer-added', added.resolve), client.on('data-producer-closed', closed.resolve)];
    const create = { ...citizen, dataProducerId: 'text', sctpStreamParameters };
    await Promise.all([client.request('data-producer:create', create), client.request('data-producer:create', create)]);
    expect(await added.promise).toEqual({ roomId, dataProducer: { dataProducerId: 'text', peerId: 'page-1', ownerId: 'citizen' } });
    const { dataProducers } = await client.request('peer:join', official);
    expect(dataProducers).toEqual([{ dataProducerId: 'text', peerId: 'page-1', ownerId: 'citizen' }]);

    const read = { ...official, dataProducerId: 'text' };
    const [one, other] = await Promise.all([client.request('data-consumer:create', read), client.request('data-consumer:create', read)]);
    expect(one).toEqual(other);
    expect(one.sctpStreamParameters).toMatchObject({ ordered: true, label: 'text', protocol: 't140' });

    const refusals = [
      [{ ...create, dataProducerId: 'second' }, 'bad_state'],
      [{ ...create, sctpStreamParameters: { streamId: 1, ordered: true } }, 'conflict'],
      [{ ...official, dataProducerId: 'text', sctpStreamParameters }, 'conflict'],
    ] as const;
    for (const [request, code] of refusals) await expect(client.request('data-producer:create', request)).rejects.toMatchObject({ code });
    await expect(client.request('data-consumer:create', { ...citizen, dataProducerId: 'text' })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(client.request('data-consumer:create', { ...read, dataProducerId: 'nothing' })).rejects.toMatchObject({
      code: 'not_found',
    });

    await client.request('peer:leave', citizen);
    expect(await closed.promise).toEqual({ roomId, ownerId: 'citizen', dataProducerId: 'text' });
    for (const stop of stops) stop();
  });

  test('a channel that loses or reorders, has a high stream number, or comes before its transport, is refused (S07)', async () => {
    await join(citizen);
    const malformed = [
      { streamId: 0, ordered: false },
      { streamId: 0, maxRetransmits: 0 },
      { streamId: 65_535 },
      { streamId: -1 },
      { streamId: 0, label: 'x'.repeat(10_000) },
    ];
    for (const each of malformed)
      await expect(
        client.request('data-producer:create', { ...citizen, dataProducerId: 'text', sctpStreamParameters: each }),
      ).rejects.toMatchObject({ code: 'bad_request' });
    await client.request('peer:join', official);
    await expect(
      client.request('data-producer:create', { ...official, dataProducerId: 'text', sctpStreamParameters }),
    ).rejects.toMatchObject({
      code: 'bad_state',
    });
  });
});
