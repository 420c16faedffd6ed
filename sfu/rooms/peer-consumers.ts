import type { RtpCapabilities } from 'mediasoup-client/types';
import type { types } from 'mediasoup';
import type { ConsumerView, PeerAddress, SfuParams } from '../protocol/requests.ts';
import { offeredParameters } from './codecs.ts';
import type { Emit } from './emit.ts';
import { LineTrial } from './line-trial.ts';
import type { MediaWorker } from './media-worker.ts';
import type { PeerTransport } from './peer-transport.ts';
import { PictureLayers, smallest } from './picture-layers.ts';
import { SfuError } from './sfu-error.ts';

export interface PeerConsumersOptions {
  readonly address: PeerAddress;
  readonly worker: MediaWorker;
  readonly router: types.Router;
  readonly emit: Emit;
  /** The transport they go out by. */
  readonly receive: () => Promise<PeerTransport>;
}

interface Wanted {
  readonly producerId: string;
  readonly rtpCapabilities: RtpCapabilities;
  /** Whether nothing is to come before `resume`. */
  readonly paused: boolean;
}

interface Live {
  readonly producerId: string;
  readonly consumer: types.Consumer;
  readonly layers: PictureLayers;
}

/** The tracks of others that one peer receives. */
export class PeerConsumers {
  readonly #options: PeerConsumersOptions;
  /** By producer: one consumer for each, and so never more than the others of a full room can have producers. */
  readonly #entries = new Map<string, Promise<types.Consumer>>();
  readonly #live = new Map<string, Live>();
  readonly #trial: LineTrial;

  constructor(options: PeerConsumersOptions) {
    this.#options = options;
    this.#trial = new LineTrial((bitrate) => this.#setFloor(bitrate));
  }

  get count(): number {
    return this.#live.size;
  }

  /** A consumer for somebody else's producer; for the same producer twice, the same one. */
  async open({ producerId, rtpCapabilities, paused }: Wanted, producer: types.Producer): Promise<ConsumerView> {
    let opened = this.#entries.get(producerId);
    if (!opened) {
      if (!this.#options.router.canConsume({ producerId: producer.id, rtpCapabilities }))
        throw new SfuError('bad_request', 'capabilities do not fit the producer');
      opened = this.#open(producerId, { producerId: producer.id, rtpCapabilities, paused, preferredLayers: smallest });
      this.#entries.set(producerId, opened);
      opened.catch(() => this.#entries.delete(producerId));
    }
    const { id, kind, rtpParameters, producerPaused } = await opened;
    return { consumerId: id, producerId, kind, rtpParameters: offeredParameters(rtpParameters), paused: producerPaused };
  }

  close(): void {
    this.#trial.close();
  }

  /** The next picture of these producers is a whole one. A receiver who has missed much would first ask for all of that. */
  beginAnew(isWanted: (producerId: string) => boolean): void {
    for (const { producerId, consumer } of this.#live.values())
      // One that closes meanwhile has nothing to begin.
      if (consumer.kind === 'video' && isWanted(producerId)) this.#options.worker.ask(consumer.requestKeyFrame()).catch(() => undefined);
  }

  async resume(consumerId: string): Promise<void> {
    const { consumer } = this.#find(consumerId);
    await this.#options.worker.ask(consumer.resume());
  }

  /** Sound always goes first: only pictures are ranked. */
  async prefer({ consumerId, priority, small }: SfuParams<'consumer:prefer'>): Promise<void> {
    const { consumer, layers } = this.#find(consumerId);
    if (consumer.kind === 'audio') return;
    const { worker } = this.#options;
    if (consumer.priority !== priority) await worker.ask(consumer.setPriority(priority));
    if (!layers.several) return;
    await worker.ask(consumer.setPreferredLayers(layers.preferred(small)));
    layers.want(small);
  }

  #find(consumerId: string): Live {
    const live = this.#live.get(consumerId);
    if (!live) throw new SfuError('not_found', 'no such consumer');
    return live;
  }

  async #open(producerId: string, options: types.ConsumerOptions): Promise<types.Consumer> {
    const { receive, emit, address } = this.#options;
    const consumer = await (await receive()).consume(options);
    const layers = new PictureLayers(
      consumer,
      () => this.#trial.tell(this.#isEmpty),
      (layer) => emit('consumer-layer', { ...address, producerId, layer }),
    );
    this.#live.set(consumer.id, { producerId, consumer, layers });
    consumer.observer.once('close', () => {
      this.#entries.delete(producerId);
      this.#live.delete(consumer.id);
      this.#trial.tell(this.#isEmpty);
    });
    return consumer;
  }

  /** Whether the line has no room for any of the pictures there are. */
  get #isEmpty(): boolean {
    const pictures = [...this.#live.values()].filter(
      ({ consumer: { kind, paused, producerPaused } }) => kind === 'video' && !paused && !producerPaused,
    );
    return pictures.length > 0 && pictures.every(({ layers }) => layers.present === 'none');
  }

  #setFloor(bitrate: number): void {
    // A transport that is gone needs none.
    void this.#options
      .receive()
      .then(async (transport) => await transport.setFloor(bitrate))
      .catch(() => undefined);
  }
}
