import type { SfuClient } from '../../server/calls/sfu-client.ts';
import type { PeerAddress, TransportParameters } from '../../sfu/protocol/requests.ts';
import { createIdentity, MediaPeer } from './media-peer.ts';
import { rtpCapabilities, vp8Parameters } from './rtp-parameters.ts';
import type { IceCredentials } from './stun.ts';

/** Two in a room of the sfu, of whom one sends a picture to the other; neither has a browser. */
export interface MediaCall {
  readonly citizen: MediaPeer;
  readonly official: MediaPeer;
  /** Under which the official receives the picture. */
  readonly receivedSsrc: number;
  /** Of the worker, for UDP and for TCP. */
  readonly port: number;
  readonly tcpPort: number;
  /** Of the citizen's transport. */
  readonly ice: IceCredentials;
  /**
   * Sends so many packets and resolves with how many it were in all when the last has arrived at the official: whatever was sent to the
   * worker before has been dealt with then, too.
   */
  exchange(count: number): Promise<number>;
  /** The header of the next packet, which counts as sent. */
  nextHeader(): Buffer;
  close(): Promise<void>;
}

export const cameraSsrc = 2_222;
const payloadType = 96;
const payload = keyFrame(500);
/** The last packet of an exchange is known by its length: nothing else can be read of it. */
const lastBytes = 1_000;
const lastPayload = keyFrame(lastBytes);
const againAfterMs = 250;

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
  const consume = { ...officialAddress, producerId: 'camera', rtpCapabilities };
  const { consumerId, rtpParameters } = await client.request('consumer:create', consume);
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
    receivedSsrc: rtpParameters.encodings?.[0]?.ssrc ?? 0,
    port: portOf('udp', send.iceCandidates),
    tcpPort: portOf('tcp', send.iceCandidates),
    ice: send.iceParameters,
    nextHeader,
    exchange: async (count) => {
      const arrived = official.untilLong(lastBytes);
      let sent = 0;
      const sendLast = (): void => {
        citizen.sendRtp(nextHeader(), lastPayload);
        sent += 1;
      };
      for (; sent < count - 1; sent += 1) citizen.sendRtp(nextHeader(), payload);
      sendLast();
      // Should the worker's buffer have had no room for it.
      const again = setInterval(sendLast, againAfterMs);
      await arrived;
      clearInterval(again);
      return sent;
    },
    close: async () => {
      citizen.close();
      official.close();
      await client.request('room:close', { roomId });
      await identity.remove();
    },
  };
}

/** RFC 7741 §4.2: the start of a partition; the next byte says that it is a key frame. */
function keyFrame(bytes: number): Buffer {
  const frame = Buffer.alloc(bytes, 0x54);
  frame[0] = 0x10;
  return frame;
}

function portOf(wanted: 'udp' | 'tcp', candidates: TransportParameters['iceCandidates']): number {
  const port = candidates.find(({ protocol }) => protocol === wanted)?.port;
  if (port === undefined) throw new Error(`the worker offers no ${wanted}`);
  return port;
}
