import type { types } from 'mediasoup';
import type { PeerAddress, ProducerView, SfuParams } from '../protocol/requests.ts';
import type { Emit } from './emit.ts';
import type { MediaWorker } from './media-worker.ts';
import type { PeerTransport } from './peer-transport.ts';
import { SfuError } from './sfu-error.ts';

export interface PeerProducersOptions {
  readonly address: PeerAddress;
  readonly worker: MediaWorker;
  readonly emit: Emit;
  /** The transport its tracks come in by. */
  readonly send: () => Promise<PeerTransport>;
}

interface Entry {
  /** What it was made from, to tell a repeated request from another one with the same id. */
  readonly request: string;
  readonly opened: Promise<types.Producer>;
}

/** What the transport carries of a track. */
interface Live {
  readonly producer: types.Producer;
  readonly source: string;
}

const maxProducers = 4;
/** A sender is asked for a key frame once a second at most, however many receivers ask. */
const keyFrameRequestDelayMs = 1_000;

/** The tracks one peer sends. */
export class PeerProducers {
  readonly #options: PeerProducersOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #live = new Map<string, Live>();

  constructor(options: PeerProducersOptions) {
    this.#options = options;
  }

  get views(): readonly ProducerView[] {
    return Array.from(this.#live, ([producerId, live]) => this.#view(producerId, live));
  }

  has(producerId: string): boolean {
    return this.#entries.has(producerId);
  }

  live(producerId: string): types.Producer | undefined {
    return this.#live.get(producerId)?.producer;
  }

  /** The same request twice is one producer. */
  async open({ producerId, kind, source, rtpParameters }: SfuParams<'producer:create'>): Promise<void> {
    const request = JSON.stringify({ kind, source, rtpParameters });
    const known = this.#entries.get(producerId);
    if (known) {
      if (known.request !== request) throw new SfuError('conflict', 'producer id stands for another track');
      await known.opened;
      return;
    }
    if (rtpParameters.codecs.some(({ mimeType }) => !mimeType.startsWith(`${kind}/`)))
      throw new SfuError('bad_request', `a codec that is not ${kind}`);
    if (this.#entries.size >= maxProducers) throw new SfuError('bad_state', `more than ${maxProducers} producers`);
    const opened = this.#open(producerId, source, { kind, rtpParameters, keyFrameRequestDelay: keyFrameRequestDelayMs });
    this.#entries.set(producerId, { request, opened });
    try {
      await opened;
    } catch (error) {
      this.#entries.delete(producerId);
      throw error;
    }
  }

  /** Throws `not_found` for a producer of somebody else. */
  async pause(producerId: string, paused: boolean): Promise<void> {
    const known = this.#entries.get(producerId);
    if (!known) throw new SfuError('not_found', 'no such producer');
    const producer = await known.opened;
    if (producer.paused === paused) return;
    const { worker, emit, address } = this.#options;
    await worker.ask(paused ? producer.pause() : producer.resume());
    emit('producer-paused', { roomId: address.roomId, ownerId: address.ownerId, producerId, paused });
  }

  /** Closing what is closed already, or never was, is the same. */
  async close(producerId: string): Promise<void> {
    const producer = await this.#entries.get(producerId)?.opened;
    producer?.close();
  }

  async #open(producerId: string, source: string, options: types.ProducerOptions): Promise<types.Producer> {
    const { worker, emit, address, send } = this.#options;
    const producer = await (await send()).produce(options);
    const live = { producer, source };
    this.#live.set(producerId, live);
    emit('producer-added', { roomId: address.roomId, producer: this.#view(producerId, live) });
    producer.observer.once('close', () => {
      this.#entries.delete(producerId);
      this.#live.delete(producerId);
      // When the worker died, `room-lost` says it all.
      if (!worker.closed) emit('producer-closed', { roomId: address.roomId, ownerId: address.ownerId, producerId });
    });
    return producer;
  }

  #view(producerId: string, { producer: { kind, paused }, source }: Live): ProducerView {
    const { peerId, ownerId } = this.#options.address;
    return { producerId, peerId, ownerId, kind, source, paused };
  }
}
