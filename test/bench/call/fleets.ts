import { createWorker, type types } from 'mediasoup';
import { connectSfu } from '../../../server/calls/sfu-client.ts';
import { createLog } from '../../../server/platform/log.ts';
import type { PeerAddress } from '../../../sfu/protocol/requests.ts';
import { routerCodecs } from '../../../sfu/rooms/codecs.ts';
import { createIdentity, MediaPeer, type Identity, type SrtpSuite } from '../../support/media-peer.ts';
import { rtpCapabilities } from '../../support/rtp-parameters.ts';
import { obtainTestWorker, startTestSfu } from '../../support/sfu.ts';
import { loadParameters } from './media-load.ts';

/** Rooms full of people, of whom one sends and the others receive. */
export interface Fleet {
  readonly senders: readonly { sendRtp(header: Buffer, payload: Buffer): unknown }[];
  readonly receivers: readonly Pick<MediaPeer, 'received'>[];
  /** The process that forwards. */
  readonly workerPid: number;
  /** The process that controls it, where it is not this one. */
  readonly controlPid: number | undefined;
  close(): Promise<void>;
}

/** ICE of a transport as both sides have it. */
interface Reachable {
  readonly iceParameters: { readonly usernameFragment: string; readonly password: string };
  readonly iceCandidates: readonly { readonly protocol: string; readonly port: number }[];
}

export const receiversPerRoom = 5;

/** The product: the sfu as it is started, over its control channel. */
export async function productFleet(roomCount: number, suite: SrtpSuite): Promise<Fleet> {
  const sfu = await startTestSfu({ workers: 1 });
  const client = connectSfu({ ...sfu, log: createLog('silent') });
  const identity = await createIdentity();
  const senders: MediaPeer[] = [];
  const receivers: MediaPeer[] = [];
  const connect = async (address: PeerAddress, transport: Reachable & { transportId: string }): Promise<MediaPeer> => {
    await client.request('transport:connect', { ...address, transportId: transport.transportId, dtlsParameters: identity.dtlsParameters });
    return await reach(transport, identity, suiteOf(address, suite));
  };
  for (let room = 0; room < roomCount; room += 1) {
    const roomId = `room-${room}`;
    await client.request('room:open', { roomId });
    const sender = { roomId, peerId: `${roomId}-0`, ownerId: 'sender' };
    const { send } = await client.request('peer:join', sender);
    senders.push(await connect(sender, send));
    await client.request('producer:create', {
      ...sender,
      producerId: 'camera',
      kind: 'video',
      source: 'camera',
      rtpParameters: loadParameters,
    });
    for (let index = 1; index <= receiversPerRoom; index += 1) {
      const receiver = { roomId, peerId: `${roomId}-${index}`, ownerId: `receiver-${index}` };
      const { receive } = await client.request('peer:join', receiver);
      receivers.push(await connect(receiver, receive));
      const { consumerId } = await client.request('consumer:create', { ...receiver, producerId: 'camera', rtpCapabilities });
      await client.request('consumer:resume', { ...receiver, consumerId });
    }
  }
  const { workers } = await client.request('node:status', {});
  return {
    senders,
    receivers,
    workerPid: workers[0]?.pid ?? 0,
    controlPid: sfu.pid,
    close: async () => {
      for (const peer of [...senders, ...receivers]) peer.close();
      client.close();
      await sfu.close();
      await identity.remove();
    },
  };
}

/** The same worker with mediasoup's own defaults and nothing of ours. */
export async function rawFleet(roomCount: number, suite: SrtpSuite): Promise<Fleet> {
  const worker = await createWorker({ workerBin: await obtainTestWorker(), logLevel: 'warn' });
  const webRtcServer = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
  const identity = await createIdentity();
  const senders: MediaPeer[] = [];
  const receivers: MediaPeer[] = [];
  const connect = async (router: types.Router, chosen: SrtpSuite): Promise<{ transport: types.WebRtcTransport; peer: MediaPeer }> => {
    const transport = await router.createWebRtcTransport({ webRtcServer });
    await transport.connect({ dtlsParameters: identity.dtlsParameters });
    return { transport, peer: await reach(transport, identity, chosen) };
  };
  for (let room = 0; room < roomCount; room += 1) {
    const router = await worker.createRouter({ mediaCodecs: routerCodecs });
    const sender = await connect(router, senderSuite);
    senders.push(sender.peer);
    const producer = await sender.transport.produce({ kind: 'video', rtpParameters: loadParameters });
    for (let index = 1; index <= receiversPerRoom; index += 1) {
      const { transport, peer } = await connect(router, suite);
      receivers.push(peer);
      const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities, paused: true });
      await consumer.resume();
    }
  }
  return {
    senders,
    receivers,
    workerPid: worker.pid,
    controlPid: undefined,
    close: async () => {
      for (const peer of [...senders, ...receivers]) peer.close();
      worker.close();
      await identity.remove();
    },
  };
}

/** What our senders can encrypt (test/support/srtp.ts). */
const senderSuite: SrtpSuite = 'SRTP_AEAD_AES_128_GCM';

function suiteOf({ ownerId }: PeerAddress, suite: SrtpSuite): SrtpSuite {
  return ownerId === 'sender' ? senderSuite : suite;
}

async function reach({ iceParameters: ice, iceCandidates }: Reachable, identity: Identity, suite: SrtpSuite): Promise<MediaPeer> {
  const workerPort = iceCandidates.find(({ protocol }) => protocol === 'udp')?.port;
  if (workerPort === undefined) throw new Error('no UDP candidate');
  return await MediaPeer.connect({ identity, workerPort, ice, suite });
}
