import { Device } from 'mediasoup-client';
import type { Consumer, MediaKind, Transport } from 'mediasoup-client/types';
import type {
  CallView,
  ConsumerId,
  PeerId,
  ProducerId,
  RemoteProducer,
  TransportId,
  TransportParameters,
} from '../../server/protocol/calls.ts';
import { newId, type AccountId, type CallId } from '../../server/protocol/ids.ts';
import { Subject, type Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { askAgain, report } from './ask-again.ts';
import { PublishedTracks, type WantedTracks } from './published-tracks.ts';
import { keepAlive } from './transport-recovery.ts';

/** Somebody else's sound or picture. */
export interface RemoteTrack {
  readonly producerId: ProducerId;
  readonly accountId: AccountId;
  readonly kind: MediaKind;
  readonly track: MediaStreamTrack;
  /** Muted, or camera off: nothing comes. */
  readonly paused: boolean;
}

/** `idle`: nothing to send or receive yet. `interrupted`: it was connected and is being mended. */
export type MediaState = 'idle' | 'connected' | 'interrupted';

/** Why a peer is of no use any more: it has to be made anew; the person went on in another window; the call is over. */
export type PeerLoss = 'gone' | 'replaced' | 'ended';

export interface CallPeerOptions {
  readonly callId: CallId;
  readonly request: RequestFunction;
  readonly wanted: WantedTracks;
  /** Called once at most. */
  readonly onLost: (loss: PeerLoss) => void;
}

/** One joining of a call: a transport each way, what is published, what is received. It does not join again; its owner makes a new one. */
export class CallPeer {
  readonly peerId: PeerId;
  readonly #callId: CallId;
  readonly #request: RequestFunction;
  readonly #onLost: (loss: PeerLoss) => void;
  readonly #device: Device;
  readonly #send: Transport;
  readonly #receive: Transport;
  readonly #published: PublishedTracks;
  readonly #consumers = new Map<ProducerId, Consumer | 'coming'>();
  readonly #remoteTracks = new Subject<readonly RemoteTrack[]>([]);
  readonly #media = new Subject<MediaState>('idle');
  readonly #closing = new AbortController();

  /** Throws a RequestError, or mediasoup-client's UnsupportedError where the browser cannot make calls. */
  static async join(options: CallPeerOptions): Promise<{ peer: CallPeer; call: CallView }> {
    const { callId, request } = options;
    const peerId = newId<'peer'>();
    const { call, routerRtpCapabilities, send, receive, producers } = await request('call:join', { callId, peerId });
    const device = await Device.factory();
    await device.load({ routerRtpCapabilities });
    const peer = new CallPeer({ ...options, peerId, device, send, receive });
    peer.#meet(producers);
    return { peer, call };
  }

  private constructor(
    options: CallPeerOptions & { peerId: PeerId; device: Device; send: TransportParameters; receive: TransportParameters },
  ) {
    const { callId, peerId, request, wanted, onLost, device, send, receive } = options;
    this.peerId = peerId;
    this.#callId = callId;
    this.#request = request;
    this.#onLost = onLost;
    this.#device = device;
    this.#send = this.#watch(device.createSendTransport(toTransportOptions(send)), send.transportId);
    this.#receive = this.#watch(device.createRecvTransport(toTransportOptions(receive)), receive.transportId);
    this.#published = new PublishedTracks({
      transport: this.#send,
      wanted,
      announcePaused: async (producerId, paused) => void (await this.#ask('call:pause-producer', { ...this.#address, producerId, paused })),
      announce: async (producerId, { kind, rtpParameters }) =>
        void (await this.#ask('call:produce', { ...this.#address, producerId, kind, rtpParameters })),
      onFailure: (error) => this.#fail(error),
    });
  }

  get remoteTracks(): Observable<readonly RemoteTrack[]> {
    return this.#remoteTracks;
  }

  get media(): Observable<MediaState> {
    return this.#media;
  }

  /** Brings what is published in line with what is wanted. */
  publish(kind: MediaKind): void {
    this.#published.sync(kind);
  }

  /** Somebody else sends something new. */
  producerAdded(producer: RemoteProducer): void {
    this.#meet([producer]);
  }

  producerPaused(producerId: ProducerId, paused: boolean): void {
    this.#remoteTracks.set(this.#remoteTracks.value.map((each) => (each.producerId === producerId ? { ...each, paused } : each)));
  }

  producerClosed(producerId: ProducerId): void {
    const consumer = this.#consumers.get(producerId);
    this.#consumers.delete(producerId);
    if (consumer !== 'coming') consumer?.close();
    this.#remoteTracks.set(this.#remoteTracks.value.filter((each) => each.producerId !== producerId));
  }

  /**
   * Joining twice is one joining: it tells whether the sfu still has this peer, and who sends what, after notifications
   * may have been lost.
   */
  async check(): Promise<void> {
    // Only these can have ended before the answer was given; one that came since is newer than the answer.
    const known = [...this.#consumers.keys()];
    try {
      const { send, producers } = await this.#ask('call:join', this.#address);
      if (send.transportId !== this.#send.id) {
        this.#lose('gone');
        return;
      }
      const present = new Set(producers.map(({ producerId }) => producerId));
      for (const producerId of known) if (!present.has(producerId)) this.producerClosed(producerId);
      for (const { producerId, paused } of producers) this.producerPaused(producerId, paused);
      this.#meet(producers);
    } catch (error) {
      if (error instanceof RequestError && error.code === 'conflict') this.#lose('replaced');
      else if (error instanceof RequestError) this.#lose('ended');
      else this.#lose('gone');
    }
  }

  close(): void {
    this.#closing.abort();
    this.#send.close();
    this.#receive.close();
    this.#remoteTracks.set([]);
  }

  get #address(): { callId: CallId; peerId: PeerId } {
    return { callId: this.#callId, peerId: this.peerId };
  }

  get #ask(): RequestFunction {
    return askAgain(this.#request, this.#closing.signal);
  }

  #meet(producers: readonly RemoteProducer[]): void {
    for (const producer of producers) {
      if (this.#consumers.has(producer.producerId)) continue;
      this.#consumers.set(producer.producerId, 'coming');
      this.#consume(producer).catch((error: unknown) => {
        this.#consumers.delete(producer.producerId);
        this.#fail(error);
      });
    }
  }

  async #consume({ producerId, accountId }: RemoteProducer): Promise<void> {
    const { consumerId, kind, rtpParameters, paused } = await this.#ask('call:consume', {
      ...this.#address,
      producerId,
      rtpCapabilities: this.#device.recvRtpCapabilities,
    });
    // The stream id keeps one person's lips and voice together.
    const consumer = await this.#receive.consume({ id: consumerId, producerId, kind, rtpParameters, streamId: accountId });
    if (!this.#consumers.has(producerId)) {
      consumer.close();
      return;
    }
    this.#consumers.set(producerId, consumer);
    this.#remoteTracks.set([...this.#remoteTracks.value, { producerId, accountId, kind, track: consumer.track, paused }]);
    await this.#resume(consumerId);
  }

  async #resume(consumerId: ConsumerId): Promise<void> {
    await this.#ask('call:resume-consumer', { ...this.#address, consumerId });
  }

  #watch(transport: Transport, transportId: TransportId): Transport {
    transport.on('connect', ({ dtlsParameters }, done, fail) => {
      void report(this.#ask('call:connect-transport', { ...this.#address, transportId, dtlsParameters }), done, fail);
    });
    transport.on('connectionstatechange', () => this.#media.set(this.#mediaState()));
    keepAlive({
      transport,
      signal: this.#closing.signal,
      newIceParameters: async () => (await this.#ask('call:restart-ice', { ...this.#address, transportId })).iceParameters,
      onFailure: (error) => this.#fail(error),
      onHopeless: () => this.#lose('gone'),
    });
    return transport;
  }

  #mediaState(): MediaState {
    const states = [this.#send.connectionState, this.#receive.connectionState];
    if (states.some((state) => state === 'disconnected' || state === 'failed')) return 'interrupted';
    return states.includes('connected') ? 'connected' : 'idle';
  }

  /** A request was refused: the thing it was about may be gone, or the peer itself. */
  #fail(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    if (error instanceof RequestError) void this.check();
    else this.#lose('gone');
  }

  #lose(loss: PeerLoss): void {
    if (this.#closing.signal.aborted) return;
    this.close();
    this.#onLost(loss);
  }
}

function toTransportOptions({
  transportId,
  ...parameters
}: TransportParameters): Omit<TransportParameters, 'transportId'> & { id: string } {
  return { id: transportId, ...parameters };
}
