import type { Device, Transport } from 'mediasoup-client/types';
import type { CallMembers, CallView, MediaSource, PeerId, RemoteProducer, TransportParameters } from '../../../server/protocol/calls.ts';
import { newId, type CallId } from '../../../server/protocol/ids.ts';
import { Subject, type Observable } from '../../net/observable.ts';
import { RequestError } from '../../net/request-error.ts';
import type { RequestFunction } from '../../net/request.ts';
import { askAgain, report } from '../ask-again.ts';
import { CallChannel } from '../text/call-channel.ts';
import { CallMeter } from './call-figures.ts';
import type { CallIdentities } from '../people/call-identities.ts';
import { CallSecurity } from '../frames/call-security.ts';
import type { ChannelMessage } from '../text/channel-message.ts';
import { type FrameWorker, FrameWorkerError } from '../frames/frame-worker.ts';
import { PublishedTracks, type WantedTracks } from './published-tracks.ts';
import { type Preference, RemoteTracks } from './remote-tracks.ts';
import { knownCapabilities, loadDevice } from './media-capabilities.ts';
import { TransportRecovery } from './transport-recovery.ts';

/** `idle`: nothing to send or receive yet. `interrupted`: it was connected and is being mended. */
export type MediaState = 'idle' | 'connected' | 'interrupted';

/** Why a peer is of no use any more: it has to be made anew; the person went on in another window; the call is over; nothing can be sealed here. */
export type PeerLoss = 'gone' | 'replaced' | 'ended' | 'unsupported';

export interface CallPeerOptions {
  readonly callId: CallId;
  readonly request: RequestFunction;
  readonly identities: CallIdentities;
  readonly frames: FrameWorker;
  readonly wanted: WantedTracks;
  readonly preferenceOf: (producer: Pick<RemoteProducer, 'accountId' | 'source'>) => Preference;
  readonly onMessage: (from: PeerId, message: ChannelMessage) => void;
  /** Somebody hears or is heard on the channel from now on. */
  readonly onChannel: () => void;
  /** The call as joining it showed it; called before anything is published. */
  readonly onJoined: (call: CallView, members: CallMembers) => void;
  /** Called once at most. */
  readonly onLost: (loss: PeerLoss) => void;
}

type Joined = Awaited<ReturnType<typeof joinCall>>;

/** One joining of a call: its keys, a transport each way, what is published, what is received. It does not join again; its owner makes a new one. */
export class CallPeer {
  readonly peerId: PeerId;
  readonly security: CallSecurity;
  readonly published: PublishedTracks;
  readonly remote: RemoteTracks;
  readonly channel: CallChannel;
  readonly meter: CallMeter;
  readonly #options: CallPeerOptions;
  readonly #send: Transport;
  readonly #receive: Transport;
  readonly #recoveries = new Map<Transport, TransportRecovery>();
  readonly #members: Subject<CallMembers>;
  readonly #media = new Subject<MediaState>('idle');
  readonly #closing = new AbortController();

  /** Throws a RequestError, or mediasoup-client's UnsupportedError where the browser cannot make calls. */
  static async join(options: CallPeerOptions): Promise<CallPeer> {
    const peerId = newId<'peer'>();
    const joined = await joinCall(options, peerId);
    options.onJoined(joined.call, joined.members);
    return await CallPeer.#begin(options, peerId, joined);
  }

  static async #begin(options: CallPeerOptions, peerId: PeerId, joined: Joined): Promise<CallPeer> {
    let hears: CallPeer | null = null;
    const { call, members } = joined;
    const loading = loadDevice(joined.routerRtpCapabilities);
    // A failure is dealt with where it is awaited.
    loading.catch(() => undefined);
    await options.identities.ready(call);
    // Keys are agreed while everything else is made.
    const security = new CallSecurity({
      ...options,
      call,
      members,
      peerId,
      onKeys: () => hears?.onKeys(),
      onSealing: () => hears?.published.beginPictures(),
    });
    try {
      hears = new CallPeer(options, peerId, joined, security, await loading);
    } catch (error) {
      security.close();
      throw error;
    }
    hears.onKeys();
    hears.meet(joined);
    return hears;
  }

  private constructor(options: CallPeerOptions, peerId: PeerId, joined: Joined, security: CallSecurity, device: Device) {
    const { callId, wanted, preferenceOf, onMessage, onChannel } = options;
    this.#options = options;
    this.peerId = peerId;
    this.security = security;
    this.#members = new Subject(joined.members);
    const address = { callId, peerId };
    const ask = askAgain(options.request, this.#closing.signal);
    const onFailure = (error: unknown): void => this.#fail(error);
    const connecting = new Map<Transport, Promise<unknown>>();
    const watch = (transport: Transport, parameters: TransportParameters): Transport => {
      transport.on('connect', ({ dtlsParameters }, done) => {
        const connected = ask('call:connect-transport', { ...address, transportId: parameters.transportId, dtlsParameters });
        connecting.set(transport, connected);
        // What goes over it can be prepared meanwhile.
        done();
        void report(connected, () => undefined, onFailure);
      });
      return this.#watch(transport, parameters, ask);
    };
    this.#send = watch(device.createSendTransport(toTransportOptions(joined.send)), joined.send);
    this.#receive = watch(device.createRecvTransport(toTransportOptions(joined.receive)), joined.receive);
    const onceConnected = <Answer>(request: () => Promise<Answer>): Promise<Answer> => afterConnecting(connecting.get(this.#send), request);
    this.published = new PublishedTracks({
      transport: this.#send,
      wanted,
      seal: (sender, source) => security.sealSender(sender, source),
      announce: async (producerId, media) =>
        void (await onceConnected(async () => await ask('call:produce', { ...address, producerId, ...media }))),
      announcePaused: async (producerId, paused) =>
        void (await onceConnected(async () => await ask('call:pause-producer', { ...address, producerId, paused }))),
      announceClosed: async (producerId) => void (await ask('call:close-producer', { ...address, producerId })),
      onFailure,
    });
    this.remote = new RemoteTracks({
      transport: this.#receive,
      ask,
      address,
      rtpCapabilities: device.recvRtpCapabilities,
      preferenceOf,
      open: (receiver, producer) => security.openReceiver(receiver, producer),
      hasOpened: async (producerId) => await security.hasOpened(producerId),
      onFailure,
    });
    this.channel = new CallChannel({
      send: this.#send,
      receive: this.#receive,
      after: this.published.settled(),
      ask,
      onceConnected,
      address,
      cipher: security,
      onMessage,
      onOpen: onChannel,
      onFailure,
    });
    this.meter = new CallMeter({
      send: this.#send,
      receive: this.#receive,
      tracks: () => this.remote.tracks.value,
      isSending: (source) => security.isSending(source),
      onSilence: (transport) => this.#recoveries.get(transport)?.restart(),
    });
  }

  /** Who the server says is in the call. */
  get members(): Observable<CallMembers> {
    return this.#members;
  }

  get media(): Observable<MediaState> {
    return this.#media;
  }

  publish(source: MediaSource): void {
    this.published.sync(source);
  }

  setMembers(members: CallMembers): void {
    if (members.round <= this.#members.value.round) return;
    this.#members.set(members);
    this.security.setMembers(members);
  }

  /** Keys have come or gone. */
  onKeys(): void {
    this.published.setOpen(this.security.hasKey);
    if (this.security.hasKey) this.#options.onChannel();
  }

  meet({ producers, dataProducers, consumers }: Pick<Joined, 'producers' | 'dataProducers' | 'consumers'>): void {
    this.remote.meet(producers, consumers);
    this.channel.meet(dataProducers);
  }

  /** The network may be another one now. */
  restartIce(): void {
    for (const recovery of this.#recoveries.values()) recovery.restart();
  }

  /**
   * Joining twice is one joining: it tells whether the sfu still has this peer, who is in the call, and who sends what, after
   * notifications may have been lost.
   */
  async check(): Promise<void> {
    // Only these can have ended before the answer was given; one that came since is newer than the answer.
    const known = this.remote.producerIds;
    try {
      const ask = askAgain(this.#options.request, this.#closing.signal);
      const joined = await ask('call:join', { callId: this.#options.callId, peerId: this.peerId });
      if (joined.send.transportId !== this.#send.id) {
        this.lose('gone');
        return;
      }
      const present = new Set(joined.producers.map(({ producerId }) => producerId));
      for (const producerId of known) if (!present.has(producerId)) this.remote.drop(producerId);
      for (const { producerId, paused } of joined.producers) this.remote.setPaused(producerId, paused);
      this.setMembers(joined.members);
      this.meet(joined);
    } catch (error) {
      if (error instanceof RequestError && error.code === 'conflict') this.lose('replaced');
      else if (error instanceof RequestError) this.lose('ended');
      else this.lose('gone');
    }
  }

  /** It is of no use any more. */
  lose(loss: PeerLoss): void {
    if (this.#closing.signal.aborted) return;
    this.close();
    this.#options.onLost(loss);
  }

  close(): void {
    this.#closing.abort();
    this.meter.close();
    this.#send.close();
    this.#receive.close();
    this.remote.close();
    this.security.close();
  }

  #watch(transport: Transport, { transportId }: TransportParameters, ask: RequestFunction): Transport {
    const address = { callId: this.#options.callId, peerId: this.peerId, transportId };
    transport.on('connectionstatechange', () => this.#media.set(this.#mediaState()));
    const recovery = new TransportRecovery({
      transport,
      signal: this.#closing.signal,
      newIceParameters: async () => (await ask('call:restart-ice', address)).iceParameters,
      onFailure: (error) => this.#fail(error),
      onHopeless: () => this.lose('gone'),
    });
    this.#recoveries.set(transport, recovery);
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
    else this.lose(error instanceof FrameWorkerError ? 'unsupported' : 'gone');
  }
}

async function joinCall({ callId, request }: CallPeerOptions, peerId: PeerId) {
  return await request('call:join', { callId, peerId, ...knownCapabilities() });
}

/** Both travel at once; should the later one overtake the first, it is asked once more. */
async function afterConnecting<Answer>(connecting: Promise<unknown> | undefined, request: () => Promise<Answer>): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof RequestError && error.code === 'bad_state')) throw error;
    await connecting;
    return await request();
  }
}

function toTransportOptions({
  transportId,
  ...parameters
}: TransportParameters): Omit<TransportParameters, 'transportId'> & { id: string } {
  return { id: transportId, ...parameters };
}
