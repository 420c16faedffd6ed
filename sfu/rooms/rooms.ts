import type { PeerAddress, RoomView, SfuParams, SfuResult, WorkerView } from '../protocol/requests.ts';
import type { Emit } from './emit.ts';
import type { Peer } from './peer.ts';
import { Room } from './room.ts';
import { SfuError } from './sfu-error.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface RoomsOptions {
  readonly pool: WorkerPool;
  readonly emit: Emit;
  /** A room without a living transport is closed after this long. */
  readonly idleMs: number;
  readonly now: () => number;
}

/** All rooms of this process. They outlive the connection of the server that opened them. */
export class Rooms {
  readonly #pool: WorkerPool;
  readonly #emit: Emit;
  readonly #idleMs: number;
  readonly #now: () => number;
  readonly #rooms = new Map<string, Promise<Room>>();
  readonly #open = new Map<string, { readonly room: Room; idleSince: number }>();
  #drainingUntil: number | undefined;

  constructor({ pool, emit, idleMs, now }: RoomsOptions) {
    this.#pool = pool;
    this.#emit = emit;
    this.#idleMs = idleMs;
    this.#now = now;
  }

  get workers(): readonly WorkerView[] {
    return this.#pool.workers;
  }

  /** Until when, while it drains; milliseconds since 1970. */
  get drainingUntil(): number | undefined {
    return this.#drainingUntil;
  }

  /** Whether somebody is in one of them. */
  get used(): boolean {
    return [...this.#open.values()].some(({ room }) => room.used);
  }

  get ids(): readonly string[] {
    return [...this.#open.keys()];
  }

  get views(): readonly RoomView[] {
    return Array.from(this.#open.values(), ({ room }) => room.view);
  }

  /** Opens it on the least loaded worker, unless it is open. Throws `unavailable` for a new one while this process drains. */
  async open(roomId: string): Promise<Room> {
    let opening = this.#rooms.get(roomId);
    if (!opening) {
      if (this.#drainingUntil !== undefined) throw new SfuError('unavailable', 'no new rooms: this sfu is about to stop');
      opening = this.#create(roomId);
      this.#rooms.set(roomId, opening);
      opening.catch(() => this.#rooms.delete(roomId));
    }
    return await opening;
  }

  /** Throws `not_found`. */
  async get(roomId: string): Promise<Room> {
    const room = await this.#rooms.get(roomId);
    if (!room) throw new SfuError('not_found', 'no such room');
    return room;
  }

  /** Throws `not_found` or `conflict`, as `Room.peer` does. */
  async peer(address: PeerAddress): Promise<Peer> {
    const room = await this.get(address.roomId);
    return room.peer(address);
  }

  /** Joins; when the worker dies in the middle of it, once more on another one. */
  async join(params: SfuParams<'peer:join'>): Promise<SfuResult<'peer:join'>> {
    const room = await this.get(params.roomId);
    try {
      return await room.join(params);
    } catch (error) {
      if (!room.lost) throw error;
      const reopened = await this.open(params.roomId);
      return await reopened.join(params);
    }
  }

  /** Leaving twice is the same. */
  async leave(address: PeerAddress): Promise<void> {
    const room = await this.#rooms.get(address.roomId);
    room?.leave(address);
  }

  /** Closing what is not open is the same. */
  async close(roomId: string): Promise<void> {
    const room = await this.#rooms.get(roomId);
    room?.close();
  }

  /** From now on no new rooms. Those nobody is in yet are given up, so that their people meet on another node. */
  drain(until: number): void {
    if (this.#drainingUntil !== undefined) return;
    this.#drainingUntil = until;
    this.#emit('draining', { until });
    for (const [roomId, { room }] of this.#open) if (!room.used) this.#giveUp(roomId, room);
  }

  /** Those who are in a room are told that it is lost, and may go on elsewhere. */
  giveUp(): void {
    for (const [roomId, { room }] of this.#open) this.#giveUp(roomId, room);
  }

  /** Closes the rooms that nobody uses. Called from time to time. */
  sweep(): void {
    for (const [roomId, entry] of this.#open) {
      if (entry.room.alive) entry.idleSince = this.#now();
      else if (this.#now() - entry.idleSince >= this.#idleMs) {
        entry.room.close();
        this.#emit('room-closed', { roomId, reason: 'idle' });
      }
    }
  }

  #giveUp(roomId: string, room: Room): void {
    room.close();
    this.#emit('room-lost', { roomId });
  }

  async #create(roomId: string): Promise<Room> {
    const room = await this.#openOnSomeWorker(roomId);
    this.#open.set(roomId, { room, idleSince: this.#now() });
    room.onClosed(() => {
      this.#open.delete(roomId);
      this.#rooms.delete(roomId);
      if (room.lost) this.#emit('room-lost', { roomId });
    });
    return room;
  }

  /** A worker that dies while it is asked gives way to the next; if all are dead, the last attempt has a new one. */
  async #openOnSomeWorker(roomId: string): Promise<Room> {
    for (let attempt = 0; ; attempt += 1) {
      const worker = await this.#pool.leastLoaded();
      try {
        return await Room.open({ roomId, worker, emit: this.#emit });
      } catch (error) {
        if (!worker.closed || attempt >= this.#pool.size) throw error;
      }
    }
  }
}
