import type { types } from 'mediasoup';
import type { SfuEvents, TransportDirection } from '../protocol/events.ts';
import type { PeerAddress, ProducerView, SfuParams, SfuResult } from '../protocol/requests.ts';
import { offeredParameters } from './codecs.ts';
import type { Emit } from './emit.ts';
import type { MediaWorker } from './media-worker.ts';
import { PeerTransport } from './peer-transport.ts';
import { SfuError } from './sfu-error.ts';

export interface PeerOptions {
  readonly address: PeerAddress;
  readonly worker: MediaWorker;
  readonly router: types.Router;
  readonly emit: Emit;
  readonly onGone: () => void;
}

interface Transports {
  readonly send: PeerTransport;
  readonly receive: PeerTransport;
}

interface ProducerEntry {
  /** What it was made from, to tell a repeated request from another one with the same id. */
  readonly request: string;
  readonly opened: Promise<types.Producer>;
}

const maxProducers = 4;
/** A sender is asked for a key frame once a second at most, however many receivers ask. */
const keyFrameRequestDelayMs = 1_000;

/** One page of somebody in a room: a transport each way, what it sends, what it receives. */
export class Peer {
  readonly address: PeerAddress;
  readonly #worker: MediaWorker;
  readonly #router: types.Router;
  readonly #emit: Emit;
  /** Both transports. Rejects when the worker could not make them; then the peer is closed by its room. */
  readonly opened: Promise<Transports>;
  readonly #producers = new Map<string, ProducerEntry>();
  readonly #liveProducers = new Map<string, types.Producer>();
  /** By producer: one consumer for each, and so never more than the others of a full room can have producers. */
  readonly #consumers = new Map<string, Promise<types.Consumer>>();
  readonly #liveConsumers = new Map<string, types.Consumer>();
  #transports: Transports | undefined;
  #closed = false;

  constructor({ address, worker, router, emit, onGone }: PeerOptions) {
    this.address = address;
    this.#worker = worker;
    this.#router = router;
    this.#emit = emit;
    this.opened = this.#open(onGone);
  }

  /** Whether media flows, or can, in one direction at least. */
  get alive(): boolean {
    return this.#transports !== undefined && (this.#transports.send.alive || this.#transports.receive.alive);
  }

  get producers(): readonly ProducerView[] {
    return Array.from(this.#liveProducers, ([producerId, producer]) => this.#view(producerId, producer));
  }

  get consumerCount(): number {
    return this.#liveConsumers.size;
  }

  hasProducer(producerId: string): boolean {
    return this.#producers.has(producerId);
  }

  liveProducer(producerId: string): types.Producer | undefined {
    return this.#liveProducers.get(producerId);
  }

  /** Throws `not_found` for any id but those of its own two transports. */
  async transport(transportId: string): Promise<PeerTransport> {
    const { send, receive } = await this.opened;
    if (transportId === send.id) return send;
    if (transportId === receive.id) return receive;
    throw new SfuError('not_found', 'no such transport');
  }

  /** The same request twice is one producer. */
  async produce({ producerId, kind, rtpParameters }: SfuParams<'producer:create'>): Promise<void> {
    const request = JSON.stringify({ kind, rtpParameters });
    const known = this.#producers.get(producerId);
    if (known) {
      if (known.request !== request) throw new SfuError('conflict', 'producer id stands for another track');
      await known.opened;
      return;
    }
    if (rtpParameters.codecs.some(({ mimeType }) => !mimeType.startsWith(`${kind}/`)))
      throw new SfuError('bad_request', `a codec that is not ${kind}`);
    if (this.#producers.size >= maxProducers) throw new SfuError('bad_state', `more than ${maxProducers} producers`);
    const opened = this.#openProducer(producerId, { kind, rtpParameters, keyFrameRequestDelay: keyFrameRequestDelayMs });
    this.#producers.set(producerId, { request, opened });
    try {
      await opened;
    } catch (error) {
      this.#producers.delete(producerId);
      throw error;
    }
  }

  /** Throws `not_found` for a producer of somebody else. */
  async pauseProducer(producerId: string, paused: boolean): Promise<void> {
    const producer = await this.#ownProducer(producerId);
    if (producer.paused === paused) return;
    await this.#worker.ask(paused ? producer.pause() : producer.resume());
    const { roomId, ownerId } = this.address;
    this.#emit('producer-paused', { roomId, ownerId, producerId, paused });
  }

  /** Closing what is closed already, or never was, is the same. */
  async closeProducer(producerId: string): Promise<void> {
    const producer = await this.#producers.get(producerId)?.opened;
    producer?.close();
  }

  /** A paused consumer for somebody else's producer; for the same producer twice, the same one. */
  async consume(
    { producerId, rtpCapabilities }: SfuParams<'consumer:create'>,
    producer: types.Producer,
  ): Promise<SfuResult<'consumer:create'>> {
    let opened = this.#consumers.get(producerId);
    if (!opened) {
      if (!this.#router.canConsume({ producerId: producer.id, rtpCapabilities }))
        throw new SfuError('bad_request', 'capabilities do not fit the producer');
      opened = this.#openConsumer(producerId, { producerId: producer.id, rtpCapabilities, paused: true });
      this.#consumers.set(producerId, opened);
      opened.catch(() => this.#consumers.delete(producerId));
    }
    const { id, kind, rtpParameters, producerPaused } = await opened;
    return { consumerId: id, producerId, kind, rtpParameters: offeredParameters(rtpParameters), paused: producerPaused };
  }

  async resumeConsumer(consumerId: string): Promise<void> {
    const consumer = this.#liveConsumers.get(consumerId);
    if (!consumer) throw new SfuError('not_found', 'no such consumer');
    await this.#worker.ask(consumer.resume());
  }

  /** Closes both transports, and with them all that went through them. */
  close(): void {
    this.#closed = true;
    this.#transports?.send.close();
    this.#transports?.receive.close();
  }

  async #open(onGone: () => void): Promise<Transports> {
    const transport = (direction: TransportDirection): Promise<PeerTransport> =>
      PeerTransport.open({
        direction,
        worker: this.#worker,
        router: this.#router,
        onState: (state: SfuEvents['transport-state']['state']) => this.#emit('transport-state', { ...this.address, direction, state }),
        onGone,
      });
    const [send, receive] = await Promise.all([transport('send'), transport('receive')]);
    this.#transports = { send, receive };
    // It may have been replaced while the worker was at it.
    if (this.#closed) this.close();
    return this.#transports;
  }

  async #openProducer(producerId: string, options: types.ProducerOptions): Promise<types.Producer> {
    const { send } = await this.opened;
    const producer = await send.produce(options);
    this.#liveProducers.set(producerId, producer);
    this.#emit('producer-added', { roomId: this.address.roomId, producer: this.#view(producerId, producer) });
    producer.observer.once('close', () => {
      this.#producers.delete(producerId);
      this.#liveProducers.delete(producerId);
      const { roomId, ownerId } = this.address;
      // When the worker died, `room-lost` says it all.
      if (!this.#worker.closed) this.#emit('producer-closed', { roomId, ownerId, producerId });
    });
    return producer;
  }

  async #openConsumer(producerId: string, options: types.ConsumerOptions): Promise<types.Consumer> {
    const { receive } = await this.opened;
    const consumer = await receive.consume(options);
    this.#liveConsumers.set(consumer.id, consumer);
    consumer.observer.once('close', () => {
      this.#consumers.delete(producerId);
      this.#liveConsumers.delete(consumer.id);
    });
    return consumer;
  }

  async #ownProducer(producerId: string): Promise<types.Producer> {
    const known = this.#producers.get(producerId);
    if (!known) throw new SfuError('not_found', 'no such producer');
    return await known.opened;
  }

  #view(producerId: string, { kind, paused }: types.Producer): ProducerView {
    return { producerId, ownerId: this.address.ownerId, kind, paused };
  }
}
