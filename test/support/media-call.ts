import type { SfuClient } from '../../server/calls/sfu-client.ts';
import type { PeerAddress, TransportParameters } from '../../sfu/protocol/requests.ts';
import { createIdentity, MediaPeer } from './media-peer.ts';
import { rtpCapabilities, vp8Parameters } from './rtp-parameters.ts';
import type { IceCredentials } from './stun.ts';

/** Two in a room of the sfu, of whom one sends a picture to the other; neither has a browser. */
export interface MediaCall {
  readonly citizen: MediaPeer;
  readonly official: MediaPeer;
  readonly officialAddress: PeerAddress;
  readonly consumerId: string;
  /** Of the worker, for UDP and for TCP. */
  readonly port: number;
  readonly tcpPort: number;
  /** Of the citizen's transport. */
  readonly ice: IceCredentials;
  /** Sends so many packets and resolves when as many more have arrived at the official. */
  exchange(count: number): Promise<void>;
  /** The header of the next packet, which counts as sent. */
  nextHeader(): Buffer;
  close(): Promise<void>;
}

export const cameraSsrc = 2_222;
const payloadType = 96;
const payload = Buffer.alloc(500, 0x54);
// RFC 7741 §4.2: the start of a partition; the next byte says that it is a key frame.
payload[0] = 0x10;

export async function startMediaCall(client: SfuClient, roomId: string): Promise<MediaCall> {
  const identity = await createIdentity();
  const citizenAddress = { roomId, peerId: 'citizen-page', ownerId: 'citizen' };
  const officialAddress = { roomId, peerId: 'official-page', ownerId: 'official' };
  const connect = async (
    address: PeerAddress,
    { transportId, iceParameters: ice, iceCandidates }: TransportParameters,
  ): Promise<MediaPeer> => {
    await client.request('transport:connect', { ...address, transportId, dtlsParameters: identity.dtlsParameters });
    const workerPort = portOf('udp', iceCandidates);
    return await MediaPeer.connect({ identity, workerPort, ice, suite: 'SRTP_AEAD_AES_128_GCM' });
  };
  await client.request('room:open', { roomId });
  const { send } = await client.request('peer:join', citizenAddress);
  const citizen = await connect(citizenAddress, send);
  const camera = { producerId: 'camera', kind: 'video', source: 'camera', rtpParameters: vp8Parameters(cameraSsrc) } as const;
  await client.request('producer:create', { ...citizenAddress, ...camera });
  const { receive } = await client.request('peer:join', officialAddress);
  const official = await connect(officialAddress, receive);
  const { consumerId } = await client.request('consumer:create', { ...officialAddress, producerId: 'camera', rtpCapabilities });
  await client.request('consumer:resume', { ...officialAddress, consumerId });

  let sequence = 0;
  const nextHeader = (): Buffer => {
    sequence += 1;
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = payloadType;
    header.writeUInt16BE(sequence, 2);
    header.writeUInt32BE(sequence * 900, 4);
    header.writeUInt32BE(cameraSsrc, 8);
    return header;
  };
  return {
    citizen,
    official,
    officialAddress,
    consumerId,
    port: portOf('udp', send.iceCandidates),
    tcpPort: portOf('tcp', send.iceCandidates),
    ice: send.iceParameters,
    nextHeader,
    exchange: async (count) => {
      const target = official.received + count;
      for (let sent = 0; sent < count; sent += 1) citizen.sendRtp(nextHeader(), payload);
      await official.untilReceived(target);
    },
    close: async () => {
      citizen.close();
      official.close();
      await client.request('room:close', { roomId });
      await identity.remove();
    },
  };
}

function portOf(wanted: 'udp' | 'tcp', candidates: TransportParameters['iceCandidates']): number {
  const port = candidates.find(({ protocol }) => protocol === wanted)?.port;
  if (port === undefined) throw new Error(`the worker offers no ${wanted}`);
  return port;
}
