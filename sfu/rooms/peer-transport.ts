import type { DtlsParameters, IceParameters } from 'mediasoup-client/types';
import type { types } from 'mediasoup';
import type { SfuEvents, TransportDirection } from '../protocol/events.ts';
import type { TransportParameters } from '../protocol/requests.ts';
import type { MediaWorker } from './media-worker.ts';
import { SfuError } from './sfu-error.ts';

type TransportState = SfuEvents['transport-state']['state'];

export interface PeerTransportOptions {
  readonly direction: TransportDirection;
  readonly worker: MediaWorker;
  readonly router: types.Router;
  readonly onState: (state: TransportState) => void;
  /** It goes on from another address: what was sent to the old one is lost. */
  readonly onMoved: () => void;
  /** Its peer has not been heard of for too long, or sends so much that others would suffer from it. */
  readonly onGone: () => void;
}

/** Both layers of a camera, a screen, sound: what senders are told not to exceed. */
const maxIncomingBitrate = 3_500_000;
/** Five cameras and a screen; the estimate of a line never asks for more. */
const maxOutgoingBitrate = 8_000_000;
/** Nobody who heeds what he is told comes near it; twice in a row is no accident. */
const floodBitrate = 3 * maxIncomingBitrate;
const floodReadings = 2;
const readRateEveryMs = 2_000;
/** From `connect` to the end of the DTLS handshake. */
const handshakeMs = 30_000;
/** After 15 s without consent, for an ICE restart. */
const recoveryMs = 15_000;

/** One direction of a peer's media: a WebRTC transport that is connected once and watched from then on. */
export class PeerTransport {
  readonly direction: TransportDirection;
  readonly #transport: types.WebRtcTransport;
  readonly #worker: MediaWorker;
  readonly #onState: (state: TransportState) => void;
  readonly #onGone: () => void;
  #connection: { readonly parameters: string; readonly done: Promise<void> } | undefined;
  #restart: Promise<IceParameters> | undefined;
  #deadline: NodeJS.Timeout | undefined;
  readonly #rateWatch: NodeJS.Timeout | undefined;
  #floodReadings = 0;
  #state: TransportState | undefined;
  #hasAddress = false;

  static async open(options: PeerTransportOptions): Promise<PeerTransport> {
    const { direction, worker, router } = options;
    const transport = await worker.createTransport(router);
    await worker.ask(
      direction === 'send' ? transport.setMaxIncomingBitrate(maxIncomingBitrate) : transport.setMaxOutgoingBitrate(maxOutgoingBitrate),
    );
    return new PeerTransport({ ...options, transport });
  }

  private constructor({
    direction,
    worker,
    onState,
    onMoved,
    onGone,
    transport,
  }: PeerTransportOptions & { transport: types.WebRtcTransport }) {
    this.direction = direction;
    this.#transport = transport;
    this.#worker = worker;
    this.#onState = onState;
    this.#onGone = onGone;
    transport.on('dtlsstatechange', (state) => {
      if (state === 'connected') this.#connected();
      if (state === 'failed') this.#lost('failed', 0);
      // Its page says goodbye when it is closed or loaded anew: nobody has to wait until nothing comes.
      if (state === 'closed') this.#onGone();
    });
    transport.on('icestatechange', (state) => {
      if (state === 'disconnected') this.#lost('disconnected', recoveryMs);
      else if (transport.dtlsState === 'connected') this.#connected();
    });
    transport.on('iceselectedtuplechange', () => {
      if (this.#hasAddress) onMoved();
      this.#hasAddress = true;
    });
    if (direction === 'send') this.#rateWatch = setInterval(() => void this.#readRate().catch(() => undefined), readRateEveryMs);
    transport.observer.once('close', () => {
      clearTimeout(this.#deadline);
      clearInterval(this.#rateWatch);
    });
  }

  get id(): string {
    return this.#transport.id;
  }

  /** Whether `connect` was asked for: from then on media can be announced. */
  get connectable(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether media flows, or can. */
  get alive(): boolean {
    const { closed, dtlsState, iceState } = this.#transport;
    return !closed && dtlsState === 'connected' && iceState !== 'disconnected';
  }

  get parameters(): TransportParameters {
    const { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = this.#transport;
    if (!sctpParameters) throw new SfuError('internal', 'a transport without SCTP');
    const { tcpPort } = this.#worker;
    const { port, maxSendMessageSize, maxReceiveMessageSize } = sctpParameters;
    return {
      transportId: id,
      iceParameters,
      // The worker knows its own TCP port only, which is behind the door.
      iceCandidates: iceCandidates.map((candidate) => (candidate.protocol === 'tcp' ? { ...candidate, port: tcpPort } : candidate)),
      dtlsParameters,
      sctpParameters: { port, maxSendMessageSize, maxReceiveMessageSize },
    };
  }

  /** The same parameters twice are one connection; other ones are `bad_state`: a certificate is not exchanged in mid-call. */
  async connect(dtlsParameters: DtlsParameters): Promise<void> {
    const parameters = JSON.stringify(dtlsParameters);
    if (!this.#connection) {
      this.#setDeadline(handshakeMs);
      this.#connection = { parameters, done: this.#worker.ask(this.#transport.connect({ dtlsParameters })) };
    } else if (this.#connection.parameters !== parameters) {
      throw new SfuError('bad_state', 'transport is connected with other parameters');
    }
    await this.#connection.done;
  }

  /**
   * The same parameters until they are used: who asks again has not heard the answer, and with a second restart the worker would forget
   * those that media flows by now.
   */
  restartIce(): Promise<IceParameters> {
    this.#restart ??= this.#newIceParameters().finally(() => (this.#restart = undefined));
    return this.#restart;
  }

  async #newIceParameters(): Promise<IceParameters> {
    if (await this.#worker.hasUnusedRestart(this.#transport.id)) return this.#transport.iceParameters;
    return await this.#worker.ask(this.#transport.restartIce());
  }

  /** Throws `bad_state` before `connect`. */
  async produce(options: types.ProducerOptions): Promise<types.Producer> {
    if (!this.connectable) throw new SfuError('bad_state', 'transport is not connected');
    return await this.#worker.ask(this.#transport.produce(options));
  }

  consume(options: types.ConsumerOptions): Promise<types.Consumer> {
    return this.#worker.ask(this.#transport.consume(options));
  }

  /** Throws `bad_state` before `connect`. */
  async produceData(options: types.DataProducerOptions): Promise<types.DataProducer> {
    if (!this.connectable) throw new SfuError('bad_state', 'transport is not connected');
    return await this.#worker.ask(this.#transport.produceData(options));
  }

  consumeData(options: types.DataConsumerOptions): Promise<types.DataConsumer> {
    return this.#worker.ask(this.#transport.consumeData(options));
  }

  /** The line is held for so wide at least, in bit/s; 0: it is what it is measured to be. */
  async setFloor(bitrate: number): Promise<void> {
    await this.#worker.ask(this.#transport.setMinOutgoingBitrate(bitrate));
  }

  close(): void {
    this.#transport.close();
  }

  /** mediasoup tells senders a limit and holds nobody to it. */
  async #readRate(): Promise<void> {
    const [stats] = await this.#worker.ask(this.#transport.getStats());
    this.#floodReadings = (stats?.recvBitrate ?? 0) > floodBitrate ? this.#floodReadings + 1 : 0;
    if (this.#floodReadings >= floodReadings) this.#onGone();
  }

  #connected(): void {
    clearTimeout(this.#deadline);
    this.#setState('connected');
  }

  #lost(state: TransportState, afterMs: number): void {
    this.#setDeadline(afterMs);
    this.#setState(state);
  }

  /** ICE passes several states while it is connected; the others are told once. */
  #setState(state: TransportState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onState(state);
  }

  #setDeadline(afterMs: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(this.#onGone, afterMs);
  }
}
