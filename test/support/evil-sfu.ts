import { createWorker, type types } from 'mediasoup';
import type { SfuClient } from '../../server/calls/sfu-client.ts';
import type { SfuEventName, SfuEvents } from '../../sfu/protocol/events.ts';
import type { SfuMethod, SfuParams, SfuRequests, SfuResult, TransportParameters } from '../../sfu/protocol/requests.ts';
import { offeredCapabilities, offeredParameters, routerCodecs } from '../../sfu/rooms/codecs.ts';
import { obtainTestWorker } from './sfu.ts';

/** One RTP packet on its way from a sender to the others. */
export interface Passing {
  readonly ownerId: string;
  readonly source: string;
  readonly packet: RtpPacket;
}

export interface RtpPacket {
  readonly header: Buffer;
  readonly payload: Buffer;
}

/** What goes on in the place of a packet. */
export type Tamper = (passing: Passing) => readonly RtpPacket[];

/**
 * An sfu that reads and rewrites what it forwards: the real worker, with a program in the middle through which each packet passes.
 * It answers like an sfu's client, for a bridge. Data channels go through untouched.
 */
export interface EvilSfu extends Pick<SfuClient, 'request' | 'on' | 'close'> {
  /** From now on. */
  tamper(how: Tamper): void;
  /** Whoever asks for the one producer's media is given the other's, from now on. */
  swap(wanted: string, given: string): void;
  /** Of everything that is sent. */
  readonly producers: readonly { readonly producerId: string; readonly ownerId: string; readonly source: string }[];
}

interface Peer {
  readonly peerId: string;
  readonly ownerId: string;
  readonly send: types.WebRtcTransport;
  readonly receive: types.WebRtcTransport;
}

interface Track {
  readonly peerId: string;
  readonly ownerId: string;
  readonly source: string;
  readonly kind: types.MediaKind;
  readonly real: types.Producer;
  /** What the others consume. */
  readonly copy: types.Producer;
}

const untouched: Tamper = ({ packet }) => [packet];

type Handlers = { readonly [Method in SfuMethod]?: (params: SfuParams<Method>) => Promise<SfuResult<Method>> | SfuResult<Method> };

export async function startEvilSfu(): Promise<EvilSfu> {
  const worker = await createWorker({ workerBin: await obtainTestWorker(), logLevel: 'none' });
  const router = await worker.createRouter({ mediaCodecs: routerCodecs });
  const server = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
  const inside = await router.createDirectTransport();
  const peers = new Map<string, Peer>();
  const tracks = new Map<string, Track>();
  const texts = new Map<string, { readonly peerId: string; readonly ownerId: string; readonly producer: types.DataProducer }>();
  const consumers = new Map<string, types.Consumer>();
  const swaps = new Map<string, string>();
  const listeners = new Map<SfuEventName, ((fact: never) => void)[]>();
  let tamper: Tamper = untouched;
  /** It carries one call. */
  let room = '';

  const emit = <Name extends SfuEventName>(name: Name, fact: SfuEvents[Name]): void => {
    for (const listener of listeners.get(name) ?? []) listener(fact as never);
  };
  const peerOf = (peerId: string): Peer => found(peers.get(peerId));
  const transportOf = (transportId: string): types.WebRtcTransport =>
    found([...peers.values()].flatMap(({ send, receive }) => [send, receive]).find(({ id }) => id === transportId));
  const close = (peer: Peer): void => {
    peers.delete(peer.peerId);
    for (const [producerId, track] of tracks) {
      if (track.peerId !== peer.peerId) continue;
      tracks.delete(producerId);
      track.copy.close();
      emit('producer-closed', { roomId: room, ownerId: track.ownerId, producerId });
    }
    peer.send.close();
    peer.receive.close();
    emit('peer-closed', { roomId: room, peerId: peer.peerId, ownerId: peer.ownerId, reason: 'left' });
  };
  const open = async (): Promise<types.WebRtcTransport> => await router.createWebRtcTransport({ webRtcServer: server, enableSctp: true });

  /** The way of a track through this program. */
  const passOn = async (real: types.Producer, about: Omit<Passing, 'packet'>): Promise<types.Producer> => {
    const out = await inside.consume({ producerId: real.id, rtpCapabilities: router.rtpCapabilities });
    const copy = await inside.produce({ kind: real.kind, rtpParameters: { ...out.rtpParameters, mid: '' } });
    out.on('rtp', (bytes) => {
      for (const { header, payload } of tamper({ ...about, packet: split(bytes) })) copy.send(Buffer.concat([header, payload]));
    });
    if (real.kind === 'video') wholePictures.add(out);
    return copy;
  };
  // Whoever is given a copy cannot ask its sender for a whole picture: it is asked for now and then.
  const wholePictures = new Set<types.Consumer>();
  const timer = setInterval(() => {
    for (const consumer of wholePictures) consumer.requestKeyFrame().catch(() => wholePictures.delete(consumer));
  }, 1_000);

  const handlers: Handlers = {
    'room:open': ({ roomId }) => {
      room = roomId;
      return { routerRtpCapabilities: offeredCapabilities(router.rtpCapabilities) };
    },
    'peer:join': async ({ peerId, ownerId }) => {
      const known = peers.get(peerId);
      const peer = known ?? { peerId, ownerId, send: await open(), receive: await open() };
      peers.set(peerId, peer);
      // A closed page says so by DTLS.
      if (!known) peer.send.on('dtlsstatechange', (state) => state === 'closed' && close(peer));
      return {
        routerRtpCapabilities: offeredCapabilities(router.rtpCapabilities),
        send: parametersOf(peer.send),
        receive: parametersOf(peer.receive),
        producers: [...tracks].flatMap(([producerId, track]) =>
          track.peerId === peerId
            ? []
            : [
                {
                  producerId,
                  peerId: track.peerId,
                  ownerId: track.ownerId,
                  source: track.source,
                  kind: track.kind,
                  paused: track.real.paused,
                },
              ],
        ),
        dataProducers: [...texts].flatMap(([dataProducerId, text]) =>
          text.peerId === peerId ? [] : [{ dataProducerId, peerId: text.peerId, ownerId: text.ownerId }],
        ),
        // Pages ask for each, and for a copy like for anything else.
        consumers: [],
      };
    },
    'transport:connect': async ({ transportId, dtlsParameters }) => {
      await transportOf(transportId).connect({ dtlsParameters });
      return {};
    },
    'transport:restart-ice': async ({ transportId }) => ({ iceParameters: await transportOf(transportId).restartIce() }),
    'producer:create': async ({ peerId, ownerId, producerId, kind, source, rtpParameters }) => {
      const real = await peerOf(peerId).send.produce({ kind, rtpParameters });
      tracks.set(producerId, { peerId, ownerId, source, kind, real, copy: await passOn(real, { ownerId, source }) });
      emit('producer-added', { roomId: room, producer: { producerId, peerId, ownerId, kind, source, paused: false } });
      return { producerId };
    },
    'producer:pause': ({ ownerId, producerId, paused }) => {
      emit('producer-paused', { roomId: room, ownerId, producerId, paused });
      return { paused };
    },
    'consumer:create': async ({ peerId, producerId, rtpCapabilities }) => {
      const { copy } = found(tracks.get(swaps.get(producerId) ?? producerId));
      const consumer = await peerOf(peerId).receive.consume({ producerId: copy.id, rtpCapabilities, paused: true });
      consumers.set(consumer.id, consumer);
      const { id, kind, rtpParameters } = consumer;
      return { consumerId: id, producerId, kind, rtpParameters: offeredParameters(rtpParameters), paused: false };
    },
    'consumer:resume': async ({ consumerId }) => {
      await found(consumers.get(consumerId)).resume();
      return {};
    },
    'consumer:prefer': () => ({}),
    'data-producer:create': async ({ peerId, ownerId, dataProducerId, sctpStreamParameters }) => {
      const { streamId = 0, ordered = true } = sctpStreamParameters;
      const producer = await peerOf(peerId).send.produceData({
        sctpStreamParameters: { streamId, ordered },
        label: 'text',
        protocol: 't140',
      });
      texts.set(dataProducerId, { peerId, ownerId, producer });
      emit('data-producer-added', { roomId: room, dataProducer: { dataProducerId, peerId, ownerId } });
      return { dataProducerId };
    },
    'data-consumer:create': async ({ peerId, dataProducerId }) => {
      const { producer } = found(texts.get(dataProducerId));
      const consumer = await peerOf(peerId).receive.consumeData({ dataProducerId: producer.id });
      return {
        dataConsumerId: consumer.id,
        dataProducerId,
        sctpStreamParameters: { streamId: found(consumer.sctpStreamParameters).streamId, ordered: true },
      };
    },
  };
  return {
    request: async <Method extends SfuMethod>(method: Method, params: Parameters<SfuRequests[Method]>[0]) =>
      await found<Handlers[Method]>(handlers[method])(params),
    on: (name, listener) => {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
      return () => undefined;
    },
    close: () => {
      clearInterval(timer);
      worker.close();
    },
    tamper: (how) => void (tamper = how),
    swap: (wanted, given) => void swaps.set(wanted, given),
    get producers() {
      return [...tracks].map(([producerId, { ownerId, source }]) => ({ producerId, ownerId, source }));
    },
  };
}

function parametersOf({ id, iceParameters, iceCandidates, dtlsParameters, sctpParameters }: types.WebRtcTransport): TransportParameters {
  return { transportId: id, iceParameters, iceCandidates, dtlsParameters, sctpParameters: found(sctpParameters) };
}

/** RFC 3550 §5.1: twelve bytes, four for each contributor, and an extension that says how long it is. */
function split(bytes: Buffer): RtpPacket {
  const contributors = 12 + 4 * ((bytes[0] ?? 0) & 0x0f);
  const hasExtension = ((bytes[0] ?? 0) & 0x10) !== 0;
  const end = hasExtension ? contributors + 4 + 4 * bytes.readUInt16BE(contributors + 2) : contributors;
  return { header: bytes.subarray(0, end), payload: bytes.subarray(end) };
}

function found<Value>(value: Value | undefined): NonNullable<Value> {
  if (value === undefined || value === null) throw new Error('the forwarder does not know this');
  return value;
}
