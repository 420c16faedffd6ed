import type { types } from 'mediasoup';
import type { DataProducerView, PeerAddress, SfuParams, SfuResult } from '../protocol/requests.ts';
import type { Emit } from './emit.ts';
import type { MediaWorker } from './media-worker.ts';
import type { PeerTransport } from './peer-transport.ts';
import { SfuError } from './sfu-error.ts';

export interface PeerTextsOptions {
  readonly address: PeerAddress;
  readonly worker: MediaWorker;
  readonly emit: Emit;
  readonly send: () => Promise<PeerTransport>;
  readonly receive: () => Promise<PeerTransport>;
}

interface Own {
  readonly dataProducerId: string;
  /** To tell a repeated request from another one. */
  readonly request: string;
  readonly opened: Promise<types.DataProducer>;
  live: types.DataProducer | undefined;
}

/** What both sides call the channel (RFC 8865 §3.1.2: its subprotocol is "t140"). */
const channel = { label: 'text', protocol: 't140' } as const;

/** The one channel a peer writes on, and those of the others that it reads. Ordered and reliable, as RFC 8865 has it. */
export class PeerTexts {
  readonly #options: PeerTextsOptions;
  readonly #consumers = new Map<string, Promise<types.DataConsumer>>();
  #own: Own | undefined;

  constructor(options: PeerTextsOptions) {
    this.#options = options;
  }

  get views(): readonly DataProducerView[] {
    const { peerId, ownerId } = this.#options.address;
    return this.#own?.live ? [{ dataProducerId: this.#own.dataProducerId, peerId, ownerId }] : [];
  }

  has(dataProducerId: string): boolean {
    return this.#own?.dataProducerId === dataProducerId;
  }

  live(dataProducerId: string): types.DataProducer | undefined {
    return this.has(dataProducerId) ? this.#own?.live : undefined;
  }

  /** The same request twice is one channel. */
  async open({ dataProducerId, sctpStreamParameters }: SfuParams<'data-producer:create'>): Promise<void> {
    const { streamId } = sctpStreamParameters;
    if (streamId === undefined) throw new SfuError('bad_request', 'a channel without a stream');
    const request = JSON.stringify(sctpStreamParameters);
    if (!this.#own) {
      await this.#open(dataProducerId, request, { ...channel, sctpStreamParameters: { streamId, ordered: true } });
      return;
    }
    if (this.#own.dataProducerId !== dataProducerId) throw new SfuError('bad_state', 'more than one channel');
    if (this.#own.request !== request) throw new SfuError('conflict', 'data producer id stands for another channel');
    await this.#own.opened;
  }

  /** For the same channel twice, the same consumer. */
  async consume(dataProducerId: string, dataProducer: types.DataProducer): Promise<SfuResult<'data-consumer:create'>> {
    let opened = this.#consumers.get(dataProducerId);
    if (!opened) {
      opened = this.#consume(dataProducerId, dataProducer.id);
      this.#consumers.set(dataProducerId, opened);
      opened.catch(() => this.#consumers.delete(dataProducerId));
    }
    const { id, sctpStreamParameters } = await opened;
    // Only a DirectTransport's has none, and nobody is given one of those.
    if (!sctpStreamParameters) throw new SfuError('internal', 'a channel without a stream');
    return {
      dataConsumerId: id,
      dataProducerId,
      sctpStreamParameters: { streamId: sctpStreamParameters.streamId, ordered: true, ...channel },
    };
  }

  async #open(
    dataProducerId: string,
    request: string,
    options: types.DataProducerOptions & { sctpStreamParameters: types.SctpStreamParameters },
  ): Promise<void> {
    const { worker, emit, address, send } = this.#options;
    const opened = send().then((transport) => transport.produceData(options));
    const own: Own = { dataProducerId, request, opened, live: undefined };
    this.#own = own;
    try {
      own.live = await opened;
    } catch (error) {
      this.#own = undefined;
      throw error;
    }
    const { roomId, peerId, ownerId } = address;
    emit('data-producer-added', { roomId, dataProducer: { dataProducerId, peerId, ownerId } });
    own.live.observer.once('close', () => {
      this.#own = undefined;
      // When the worker died, `room-lost` says it all.
      if (!worker.closed) emit('data-producer-closed', { roomId, ownerId, dataProducerId });
    });
  }

  async #consume(dataProducerId: string, id: string): Promise<types.DataConsumer> {
    const transport = await this.#options.receive();
    const consumer = await transport.consumeData({ dataProducerId: id });
    consumer.observer.once('close', () => this.#consumers.delete(dataProducerId));
    return consumer;
  }
}
