import type { CallMembers, PeerId } from '../protocol/calls.ts';
import type { CallId, SessionId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import { transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';
import { participantsOf, type Call } from './call.ts';
import type { PeerEntry, PeerStore } from './peer-store.ts';
import type { SfuParams } from './sfu-client.ts';
import type { SfuPool } from './sfu-pool.ts';
import type { CallStore } from './store.ts';

export interface MembersDependencies {
  readonly database: Database;
  readonly store: CallStore;
  readonly peers: PeerStore;
  readonly pool: SfuPool;
  /** Those of these sessions that are over, or never were. */
  readonly endedOf: (sessionIds: readonly SessionId[]) => Promise<readonly SessionId[]>;
  readonly notify: Notify;
  readonly now: () => number;
  readonly log: Log;
}

/** A room and the pages that are in it, as its sfu says. */
export interface SeenRoom {
  readonly roomId: string;
  readonly peers: readonly { readonly peerId: string; readonly ownerId: string }[];
}

/**
 * Who is in a call. A page is written down before the sfu lets it in and struck out after it is gone, so nobody is in a call
 * whom the others are not told of (reliability.md S10); and what the sfu has beyond that is thrown out.
 */
export class Members {
  readonly #dependencies: MembersDependencies;
  /** Pages that the sfu did not have at the last look: gone if it has not by the next. */
  #missing = new Set<string>();

  constructor(dependencies: MembersDependencies) {
    this.#dependencies = dependencies;
  }

  /** As a part of joining, under the call's lock. A page that is in already changes nothing. Throws `conflict`. */
  async enter(within: Transaction, call: Call, peer: PeerEntry): Promise<Announcement> {
    const { peers, now } = this.#dependencies;
    return (await peers.enter(within, peer, now())) ? await this.renew(within, call) : () => undefined;
  }

  /** As a part of changing who is in it, or as what: a new round. */
  async renew(within: Transaction, call: Call): Promise<Announcement> {
    const { peers, now } = this.#dependencies;
    const members = await peers.renew(within, call.callId, now());
    return () => this.tell(call, members);
  }

  async read(callId: CallId): Promise<CallMembers> {
    return await this.#dependencies.peers.list(callId);
  }

  /** What the sfu just said about who is in one room is made true at once. */
  async look(call: Call): Promise<void> {
    const { pool, peers } = this.#dependencies;
    if (call.node === null) return;
    const mark = await peers.takeMark();
    const { rooms } = await pool.request(call.node, 'room:list', {});
    const room = rooms.find(({ roomId }) => roomId === call.callId);
    if (room) await this.#compare(call, room, mark, () => true);
  }

  /** The same, for those who do not wait for it; what it misses the next sweep finds. */
  lookSoon(call: Call): void {
    this.look(call).catch((error: unknown) =>
      this.#dependencies.log.warn({ err: error, call: call.callId }, 'who is in a call could not be looked at'),
    );
  }

  /**
   * To be called every few seconds with what a node said after the mark was taken. Whoever is not where he is said to be is given
   * one more look, since he may be on his way: after a lost room all are.
   */
  async sweep(calls: readonly Call[], rooms: readonly SeenRoom[], mark: string): Promise<void> {
    const missing = new Set<string>();
    for (const call of calls) {
      const room = rooms.find(({ roomId }) => roomId === call.callId) ?? { roomId: call.callId, peers: [] };
      await this.#compare(call, room, mark, (peerId) => {
        missing.add(`${call.callId} ${peerId}`);
        return this.#missing.has(`${call.callId} ${peerId}`);
      });
    }
    this.#missing = new Set([...missing, ...[...this.#missing].filter((key) => !calls.some(({ callId }) => key.startsWith(`${callId} `)))]);
  }

  /**
   * To be called every other second: media does not pass through the server, so whoever's session has ended would else go on
   * hearing and being heard. He is out within five seconds (R57).
   */
  async checkSessions(): Promise<void> {
    const { peers, store, endedOf } = this.#dependencies;
    const all = await peers.listAll();
    if (all.length === 0) return;
    const ended = new Set(await endedOf([...new Set(all.map(({ sessionId }) => sessionId))]));
    for (const peer of all.filter(({ sessionId }) => ended.has(sessionId))) {
      const call = await store.find(peer.callId);
      if (call) await this.expel(call, peer);
    }
  }

  /** Takes a page out of the sfu and strikes it out. While the sfu does not answer nothing is struck out: he may still be there. */
  async expel(call: Call, { peerId, accountId }: Pick<PeerEntry, 'peerId' | 'accountId'>): Promise<void> {
    const { database, store, peers, log } = this.#dependencies;
    if (!(await this.#leave(call, { roomId: call.callId, peerId, ownerId: accountId }))) return;
    const announce = await transaction(database, async (within) => {
      const current = await store.lock(within, call.callId);
      return (await peers.dropPeer(within, call.callId, peerId)) ? await this.renew(within, current) : null;
    });
    if (announce) log.info({ call: call.callId, account: accountId }, 'somebody was taken out of a call');
    announce?.();
  }

  /** Everybody who belongs to the call hears who is in it, in it or not. */
  tell(call: Call, members: CallMembers): void {
    for (const { accountId } of participantsOf(call))
      this.#dependencies.notify({ account: accountId }, 'call:members-changed', { callId: call.callId, members });
  }

  async #compare(call: Call, room: SeenRoom, mark: string, isGone: (peerId: PeerId) => boolean): Promise<void> {
    const { database, store, peers } = this.#dependencies;
    const written = await peers.list(call.callId);
    const present = new Set(room.peers.map(({ peerId }) => peerId));
    const gone = written.members.filter(({ peerId }) => !present.has(peerId) && isGone(peerId)).map(({ peerId }) => peerId);
    if (gone.length > 0) {
      const announce = await transaction(database, async (within) => {
        const current = await store.lock(within, call.callId);
        return (await peers.drop(within, call.callId, gone, mark)) ? await this.renew(within, current) : null;
      });
      announce?.();
    }
    const known = new Set<string>(written.members.map(({ peerId }) => peerId));
    for (const { peerId, ownerId } of room.peers) if (!known.has(peerId)) await this.#leave(call, { roomId: room.roomId, peerId, ownerId });
  }

  /** Whether the sfu does not have it any more. */
  async #leave({ node }: Call, peer: SfuParams<'peer:leave'>): Promise<boolean> {
    const { pool, log } = this.#dependencies;
    if (node === null) return true;
    try {
      await pool.request(node, 'peer:leave', peer);
      return true;
    } catch (error) {
      // Left already, or another page of his took over.
      if (error instanceof AppError && (error.code === 'not_found' || error.code === 'conflict')) return true;
      log.warn({ err: error, call: peer.roomId }, 'somebody who is to go could not be taken out of his call');
      return false;
    }
  }
}
