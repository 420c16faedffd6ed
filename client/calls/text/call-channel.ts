import type { DataConsumer, DataProducer, Transport } from 'mediasoup-client/types';
import type { DataProducerId, PeerId, RemoteDataProducer } from '../../../server/protocol/calls.ts';
import { type CallId, newId } from '../../../server/protocol/ids.ts';
import type { RequestFunction } from '../../net/request.ts';
import { type ChannelMessage, decodeMessage, encodeMessage } from './channel-message.ts';
import { report } from '../ask-again.ts';

/** Seals and opens what is written; null: there is no key for it, or it is not what it says it is. */
export interface TextCipher {
  seal(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null>;
  open(from: PeerId, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null>;
}

export interface CallChannelOptions {
  readonly send: Transport;
  readonly receive: Transport;
  /** Sound and picture go first: the channel is opened after this. */
  readonly after: Promise<void>;
  readonly ask: RequestFunction;
  /** For what the sfu takes on a connected transport only. */
  readonly onceConnected: <Answer>(request: () => Promise<Answer>) => Promise<Answer>;
  readonly address: { readonly callId: CallId; readonly peerId: PeerId };
  readonly cipher: TextCipher;
  readonly onMessage: (from: PeerId, message: ChannelMessage) => void;
  /** Somebody new hears or is heard from now on. */
  readonly onOpen: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** What this page writes to the others, and they to it, over SCTP (RFC 8865): in order, complete, each message sealed. */
export class CallChannel {
  readonly #options: CallChannelOptions;
  readonly #consumers = new Map<DataProducerId, DataConsumer | null>();
  readonly #received = new Map<PeerId, Promise<void>>();
  #producer: DataProducer | null = null;
  #sent: Promise<void> = Promise.resolve();

  constructor(options: CallChannelOptions) {
    this.#options = options;
    const { send, ask, onceConnected, address, onFailure } = options;
    send.on('producedata', ({ sctpStreamParameters }, done) => {
      const dataProducerId = newId<'data producer'>();
      done({ id: dataProducerId });
      const announced = onceConnected(async () => await ask('call:produce-data', { ...address, dataProducerId, sctpStreamParameters }));
      void report(announced, () => undefined, onFailure);
    });
    void report(this.#open(), () => undefined, onFailure);
  }

  get isOpen(): boolean {
    return this.#producer?.readyState === 'open';
  }

  /** To all others. Lost while the channel is not open. */
  send(message: ChannelMessage): void {
    const { cipher, onFailure } = this.#options;
    // One after the other: sealing takes a moment, and text must stay in order.
    const seal = async (): Promise<void> => {
      const sealed = await cipher.seal(encodeMessage(message));
      if (sealed && this.isOpen) this.#producer?.send(sealed);
    };
    this.#sent = this.#sent.then(seal).catch(onFailure);
  }

  meet(dataProducers: readonly RemoteDataProducer[]): void {
    for (const { dataProducerId, peerId } of dataProducers) {
      if (this.#consumers.has(dataProducerId)) continue;
      this.#consumers.set(dataProducerId, null);
      this.#consume(dataProducerId, peerId).catch((error: unknown) => {
        this.#consumers.delete(dataProducerId);
        this.#options.onFailure(error);
      });
    }
  }

  drop(dataProducerId: DataProducerId): void {
    this.#consumers.get(dataProducerId)?.close();
    this.#consumers.delete(dataProducerId);
  }

  async #open(): Promise<void> {
    const { send, after, onOpen } = this.#options;
    await after;
    if (send.closed) return;
    const producer = await send.produceData({ ordered: true, label: 'text', protocol: 't140' });
    this.#producer = producer;
    if (producer.readyState === 'open') onOpen();
    else producer.on('open', onOpen);
  }

  async #consume(dataProducerId: DataProducerId, from: PeerId): Promise<void> {
    const { ask, address, receive, onOpen } = this.#options;
    const { dataConsumerId, sctpStreamParameters } = await ask('call:consume-data', { ...address, dataProducerId });
    const consumer = await receive.consumeData({ id: dataConsumerId, dataProducerId, sctpStreamParameters });
    if (!this.#consumers.has(dataProducerId)) {
      consumer.close();
      return;
    }
    this.#consumers.set(dataProducerId, consumer);
    consumer.on('message', (data: unknown) => data instanceof ArrayBuffer && this.#receive(from, new Uint8Array(data)));
    if (consumer.readyState === 'open') onOpen();
    else consumer.on('open', onOpen);
  }

  #receive(from: PeerId, sealed: Uint8Array<ArrayBuffer>): void {
    const { cipher, onMessage } = this.#options;
    const open = async (): Promise<void> => {
      const opened = await cipher.open(from, sealed);
      const message = opened && decodeMessage(opened);
      if (message) onMessage(from, message);
    };
    this.#received.set(from, (this.#received.get(from) ?? Promise.resolve()).then(open).catch(this.#options.onFailure));
  }
}
