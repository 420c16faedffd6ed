import type { RtpCapabilities } from 'mediasoup-client/types';
import type { types } from 'mediasoup';
import type { SfuEvents, TransportDirection } from '../protocol/events.ts';
import type { ConsumerView, PeerAddress, RoomView, SfuParams, SfuResult } from '../protocol/requests.ts';
import { offeredCapabilities } from './codecs.ts';
import type { Emit } from './emit.ts';
import type { MediaWorker } from './media-worker.ts';
import { Peer } from './peer.ts';
import { SfuError } from './sfu-error.ts';

export interface RoomOptions {
  readonly roomId: string;
  readonly worker: MediaWorker;
  readonly emit: Emit;
}

/** Citizen, official, and four who help. */
const maxPeers = 6;

/** One call's media: a router on one worker, and the peers that use it. */
export class Room {
  readonly roomId: string;
  readonly #worker: MediaWorker;
  readonly #router: types.Router;
  readonly #emit: Emit;
  readonly #peers = new Map<string, Peer>();
  /** Pages whose owner went on in another one. They must stop, or the two would replace each other for ever. */
  readonly #replaced = new Set<string>();

  static async open({ roomId, worker, emit }: RoomOptions): Promise<Room> {
    return new Room({ roomId, worker, emit, router: await worker.createRouter() });
  }

  private constructor({ roomId, worker, emit, router }: RoomOptions & { router: types.Router }) {
    this.roomId = roomId;
    this.#worker = worker;
    this.#router = router;
    this.#emit = emit;
  }

  /** Whether it ended with its worker; nobody wanted that, so it may be opened again. */
  get lost(): boolean {
    return this.#worker.closed;
  }

  /** Whether media flows, or can, for at least one of its peers. */
  get alive(): boolean {
    return [...this.#peers.values()].some((peer) => peer.alive);
  }

  /** Whether somebody is in it. */
  get used(): boolean {
    return this.#peers.size > 0;
  }

  get view(): RoomView {
    const peers = Array.from(this.#peers.values(), ({ address: { peerId, ownerId }, producers, consumers }) => ({
      peerId,
      ownerId,
      producers: producers.views.length,
      consumers: consumers.count,
    }));
    return { roomId: this.roomId, workerPid: this.#worker.pid, peers };
  }

  /** Calls back once when the room ended, by `close` or with its worker. */
  onClosed(callback: () => void): void {
    this.#router.observer.once('close', callback);
  }

  /** What it offers. */
  get capabilities(): RtpCapabilities {
    return offeredCapabilities(this.#router.rtpCapabilities);
  }

  /** The same peer twice is one peer; another peer of the same owner replaces the present one. */
  async join({ rtpCapabilities, ...address }: SfuParams<'peer:join'>): Promise<SfuResult<'peer:join'>> {
    const peer = this.#present(address) ?? this.#add(address);
    try {
      const { send, receive } = await peer.opened;
      return {
        routerRtpCapabilities: this.capabilities,
        send: send.parameters,
        receive: receive.parameters,
        producers: this.#others(peer).flatMap(({ producers }) => producers.views),
        dataProducers: this.#others(peer).flatMap(({ texts }) => texts.views),
        consumers: rtpCapabilities ? await this.#consumeAll(peer, rtpCapabilities) : [],
      };
    } catch (error) {
      this.#remove(peer, 'network');
      throw error;
    }
  }

  /** Leaving twice, or after somebody took over, is the same. */
  leave({ peerId, ownerId }: PeerAddress): void {
    const peer = this.#peers.get(peerId);
    if (peer?.address.ownerId === ownerId) this.#remove(peer, 'left');
  }

  /** Throws `not_found` for a peer that is not here (it may join again) and `conflict` for one that was replaced (it must not). */
  peer(address: PeerAddress): Peer {
    const peer = this.#present(address);
    if (!peer) throw new SfuError('not_found', 'no such peer');
    return peer;
  }

  async produce(params: SfuParams<'producer:create'>): Promise<SfuResult<'producer:create'>> {
    const peer = this.peer(params);
    if (this.#others(peer).some(({ producers }) => producers.has(params.producerId)))
      throw new SfuError('conflict', 'producer id is taken');
    await peer.producers.open(params);
    return { producerId: params.producerId };
  }

  async consume(params: SfuParams<'consumer:create'>): Promise<SfuResult<'consumer:create'>> {
    const peer = this.peer(params);
    const producer = this.#others(peer)
      .map(({ producers }) => producers.live(params.producerId))
      .find((each) => each !== undefined);
    if (!producer) throw new SfuError('not_found', 'no such producer');
    return await peer.consumers.open({ ...params, paused: true }, producer);
  }

  async produceData(params: SfuParams<'data-producer:create'>): Promise<SfuResult<'data-producer:create'>> {
    const peer = this.peer(params);
    if (this.#others(peer).some(({ texts }) => texts.has(params.dataProducerId)))
      throw new SfuError('conflict', 'data producer id is taken');
    await peer.texts.open(params);
    return { dataProducerId: params.dataProducerId };
  }

  async consumeData(params: SfuParams<'data-consumer:create'>): Promise<SfuResult<'data-consumer:create'>> {
    const peer = this.peer(params);
    const dataProducer = this.#others(peer)
      .map(({ texts }) => texts.live(params.dataProducerId))
      .find((each) => each !== undefined);
    if (!dataProducer) throw new SfuError('not_found', 'no such data producer');
    return await peer.texts.consume(params.dataProducerId, dataProducer);
  }

  close(): void {
    this.#router.close();
  }

  #present({ peerId, ownerId }: PeerAddress): Peer | undefined {
    const peer = this.#peers.get(peerId);
    if (this.#replaced.has(peerId) || (peer && peer.address.ownerId !== ownerId)) throw new SfuError('conflict', 'another peer took over');
    return peer;
  }

  #add({ roomId, peerId, ownerId }: PeerAddress): Peer {
    const earlier = [...this.#peers.values()].find(({ address }) => address.ownerId === ownerId);
    if (earlier) {
      this.#replaced.add(earlier.address.peerId);
      this.#remove(earlier, 'replaced');
    }
    if (this.#peers.size >= maxPeers) throw new SfuError('bad_state', `more than ${maxPeers} peers`);
    const peer: Peer = new Peer({
      address: { roomId, peerId, ownerId },
      worker: this.#worker,
      router: this.#router,
      emit: this.#emit,
      onMoved: (direction) => this.#beginAnew(peer, direction),
      onGone: () => this.#remove(peer, 'network'),
    });
    this.#peers.set(peerId, peer);
    return peer;
  }

  /** Pictures that were on their way to or from where a peer was before are lost: the next ones are whole. */
  #beginAnew(moved: Peer, direction: TransportDirection): void {
    if (direction === 'receive') moved.consumers.beginAnew(() => true);
    else for (const { consumers } of this.#others(moved)) consumers.beginAnew((producerId) => moved.producers.has(producerId));
  }

  #remove(peer: Peer, reason: SfuEvents['peer-closed']['reason']): void {
    if (this.#peers.get(peer.address.peerId) !== peer) return;
    this.#peers.delete(peer.address.peerId);
    peer.close();
    this.#emit('peer-closed', { ...peer.address, reason });
  }

  /** What ends or cannot be decoded is left out: whoever misses it asks for it, and hears why. */
  async #consumeAll(peer: Peer, rtpCapabilities: RtpCapabilities): Promise<readonly ConsumerView[]> {
    const opening = this.#others(peer)
      .flatMap(({ producers }) => producers.views.map(({ producerId }) => ({ producerId, producer: producers.live(producerId) })))
      .map(async ({ producerId, producer }) =>
        producer ? [await peer.consumers.open({ producerId, rtpCapabilities, paused: false }, producer)] : [],
      );
    return (await Promise.allSettled(opening)).flatMap((opened) => (opened.status === 'fulfilled' ? opened.value : []));
  }

  #others(peer: Peer): Peer[] {
    return [...this.#peers.values()].filter((other) => other !== peer);
  }
}
