import { AppError } from '../platform/app-error.ts';
import type { Log } from '../platform/log.ts';
import type { CallId } from '../protocol/ids.ts';
import type { Call } from './call.ts';
import type { PeerStore } from './peer-store.ts';
import type { SfuMethod, SfuParams, SfuResult } from './sfu-client.ts';
import type { SfuPool } from './sfu-pool.ts';
import type { CallStore } from './store.ts';

export interface RoomsDependencies {
  readonly pool: SfuPool;
  readonly store: CallStore;
  readonly peers: PeerStore;
  /** To everybody who belongs to the call: what carried it is gone. */
  readonly tellLost: (call: Call) => void;
  readonly log: Log;
}

export interface OpenRoom extends SfuResult<'room:open'> {
  /** That it is on. */
  readonly node: string;
}

/** Rooms with these names belong to no call: somebody tries out his line. */
export const checkPrefix = 'check-';

/** Which sfu carries a call. In SQL, so that all nodes of the server send its people to the same one. */
export class Rooms {
  readonly #dependencies: RoomsDependencies;

  constructor(dependencies: RoomsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Opens the call's room where it is, or was last, or else on the least loaded node. Throws `unavailable`. */
  async open(call: Call): Promise<OpenRoom> {
    const { pool } = this.#dependencies;
    const { callId } = call;
    const node = call.node !== null && pool.isLiving(call.node) ? call.node : await this.#place(call, pool.choose());
    try {
      return { ...(await pool.request(node, 'room:open', { roomId: callId })), node };
    } catch (error) {
      // A node that is about to go opens nothing new: this call moves now.
      const other = pool.isDraining(node) ? pool.choose({ mustLive: true }) : null;
      if (other === null) throw error;
      const placed = await this.#place({ ...call, node }, other);
      return { ...(await pool.request(placed, 'room:open', { roomId: callId })), node: placed };
    }
  }

  /** Opened ahead of those who join; should it fail, the first of them opens it. */
  async prepare(callId: CallId): Promise<void> {
    const { store, log } = this.#dependencies;
    try {
      const call = await store.find(callId);
      if (call && call.state !== 'ended') await this.open(call);
    } catch (error) {
      log.warn({ err: error, call: callId }, 'a room could not be opened ahead');
    }
  }

  /** Of the call's node. Throws `not_found` while there is none: join first. */
  async request<Method extends SfuMethod>(call: Call, method: Method, params: SfuParams<Method>): Promise<SfuResult<Method>> {
    if (call.node === null) throw new AppError('not_found', 'the call has no room yet');
    return await this.#dependencies.pool.request(call.node, method, params);
  }

  /** Should this not arrive, the sfu is asked again at the next sweep. */
  close(call: Call): void {
    const { pool, log } = this.#dependencies;
    if (call.node === null) return;
    pool
      .request(call.node, 'room:close', { roomId: call.callId })
      .catch((error: unknown) => log.warn({ err: error, call: call.callId }, 'a room could not be closed'));
  }

  /** The room is gone, with its worker or its node: its people join again, and the first of them opens it. */
  async lose(call: Call): Promise<void> {
    const { pool, peers, tellLost } = this.#dependencies;
    if (call.node !== null && (pool.isDraining(call.node) || !pool.isLiving(call.node)) && pool.choose({ mustLive: true }) !== null)
      return await this.#rescue(call);
    await peers.assertAll(call.callId);
    tellLost(call);
  }

  /** To be called every half second: calls whose node is lost go on elsewhere, if there is another one. */
  async check(): Promise<void> {
    const { pool, store } = this.#dependencies;
    if (pool.lost.length === 0 || pool.choose({ mustLive: true }) === null) return;
    for (const call of await store.listElsewhere(pool.urls.filter((url) => pool.isLiving(url)))) await this.#rescue(call);
  }

  /** The room may be gone already; told by the one server node that moved the call. */
  async #rescue(call: Call): Promise<void> {
    const { pool, store, peers, tellLost, log } = this.#dependencies;
    const to = pool.choose({ mustLive: true });
    if (call.node === null || to === null || to === call.node) return;
    const { isMoved } = await store.place(call.callId, { from: call.node, to });
    if (!isMoved) return;
    pool.load(to);
    log.info({ call: call.callId, from: call.node, to }, 'a call goes on at another sfu');
    await peers.assertAll(call.callId);
    await this.prepare(call.callId);
    tellLost(call);
  }

  async #place(call: Call, to: string | null): Promise<string> {
    const { pool, store } = this.#dependencies;
    if (to === null) throw new AppError('unavailable', 'no sfu is known');
    if (to === call.node) return to;
    // Somebody else may have been quicker.
    const { node } = await store.place(call.callId, { from: call.node, to });
    pool.load(node);
    return node;
  }
}
