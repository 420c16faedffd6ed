import type { types } from 'mediasoup';
import type { SfuEvents, TransportDirection } from '../protocol/events.ts';
import type { PeerAddress } from '../protocol/requests.ts';
import type { Emit } from './emit.ts';
import type { MediaWorker } from './media-worker.ts';
import { PeerConsumers } from './peer-consumers.ts';
import { PeerProducers } from './peer-producers.ts';
import { PeerTexts } from './peer-texts.ts';
import { PeerTransport } from './peer-transport.ts';
import { SfuError } from './sfu-error.ts';

export interface PeerOptions {
  readonly address: PeerAddress;
  readonly worker: MediaWorker;
  readonly router: types.Router;
  readonly emit: Emit;
  /** It goes on from another address in this direction. */
  readonly onMoved: (direction: TransportDirection) => void;
  readonly onGone: () => void;
}

interface Transports {
  readonly send: PeerTransport;
  readonly receive: PeerTransport;
}

/** One page of somebody in a room: a transport each way, what it sends, what it receives. */
export class Peer {
  readonly address: PeerAddress;
  readonly producers: PeerProducers;
  readonly consumers: PeerConsumers;
  readonly texts: PeerTexts;
  /** Both transports. Rejects when the worker could not make them; then the peer is closed by its room. */
  readonly opened: Promise<Transports>;
  readonly #options: PeerOptions;
  #transports: Transports | undefined;
  #closed = false;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.address = options.address;
    const send = async (): Promise<PeerTransport> => (await this.opened).send;
    const receive = async (): Promise<PeerTransport> => (await this.opened).receive;
    this.producers = new PeerProducers({ ...options, send });
    this.consumers = new PeerConsumers({ ...options, receive });
    this.texts = new PeerTexts({ ...options, send, receive });
    this.opened = this.#open();
  }

  /** Whether media flows, or can, in one direction at least. */
  get alive(): boolean {
    return this.#transports !== undefined && (this.#transports.send.alive || this.#transports.receive.alive);
  }

  /** Throws `not_found` for any id but those of its own two transports. */
  async transport(transportId: string): Promise<PeerTransport> {
    const { send, receive } = await this.opened;
    if (transportId === send.id) return send;
    if (transportId === receive.id) return receive;
    throw new SfuError('not_found', 'no such transport');
  }

  /** Closes both transports, and with them all that went through them. */
  close(): void {
    this.#closed = true;
    this.#transports?.send.close();
    this.#transports?.receive.close();
    this.consumers.close();
  }

  async #open(): Promise<Transports> {
    const { worker, router, emit, onMoved, onGone } = this.#options;
    const transport = (direction: TransportDirection): Promise<PeerTransport> =>
      PeerTransport.open({
        direction,
        worker,
        router,
        onState: (state: SfuEvents['transport-state']['state']) => emit('transport-state', { ...this.address, direction, state }),
        onMoved: () => onMoved(direction),
        onGone,
      });
    const [send, receive] = await Promise.all([transport('send'), transport('receive')]);
    this.#transports = { send, receive };
    // It may have been replaced while the worker was at it.
    if (this.#closed) this.close();
    return this.#transports;
  }
}
