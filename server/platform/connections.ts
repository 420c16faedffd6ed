import type { Server, Socket } from 'socket.io';
import type { AccountId, SessionId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Bus } from './bus.ts';
import type { Caller } from './caller.ts';
import type { Log } from './log.ts';
import { roomOf, roomsOf } from './notify.ts';
import { pendingBytes } from './sockets.ts';

export type SessionEnd = 'signed-out' | 'expired' | 'revoked';

/** What is true of a session now. */
export type SessionState = { readonly caller: Caller } | { readonly ended: SessionEnd };

interface Connection {
  readonly socket: Socket;
  caller: Caller;
  /** Number of the check that `caller` comes from; 0 before the first. */
  check: number;
}

export interface ConnectionsDependencies {
  readonly io: Server;
  readonly bus: Bus;
  readonly log: Log;
  /** From SQL. Sessions left out count as revoked. */
  readonly readSessions: (sessionIds: readonly SessionId[]) => Promise<ReadonlyMap<SessionId, SessionState>>;
}

/** How often sessions are asked for again, and slow readers looked for. */
const checkMs = 1_000;
/** A socket that takes up its messages so slowly that more than this waits for it is closed (reliability.md R12). */
const maxPendingBytes = 1024 * 1024;

/**
 * The sockets of this node and whose they are. Rights change while a socket is open: they are read again every second, and
 * at once when this node or another one says so, so that no revocation takes longer than two seconds (reliability.md R57).
 */
export class Connections {
  /** By socket id. */
  readonly #connections = new Map<string, Connection>();
  readonly #listeners = new Set<(accountId: AccountId, connected: boolean) => void>();
  readonly #active = new Set<SessionId>();
  readonly #timer: NodeJS.Timeout;
  readonly #dependencies: ConnectionsDependencies;
  #checking = false;
  #checks = 0;

  constructor(dependencies: ConnectionsDependencies) {
    this.#dependencies = dependencies;
    dependencies.bus.onHint((hint) => {
      if (hint.kind === 'session-ended') this.#close((caller) => caller.sessionId === hint.sessionId, hint.reason);
      if (hint.kind === 'rights-changed') this.#checkSoon((caller) => caller.accountId === hint.accountId);
    });
    this.#timer = setInterval(() => {
      this.#closeSlowReaders();
      if (!this.#checking) this.#checkSoon(() => true);
    }, checkMs);
  }

  add(socket: Socket, caller: Caller): void {
    const ofSession = this.#inRoom(roomOf({ session: caller.sessionId }));
    const isFirst = !this.isConnected(caller.accountId);
    // The oldest tab gives way, and is told, so that it does not come back and drive out the next.
    for (const { socket: oldest } of ofSession.slice(0, Math.max(0, ofSession.length - limits.socketsPerSession + 1))) {
      oldest.emit('connection:replaced', {});
      oldest.disconnect(true);
    }
    this.#connections.set(socket.id, { socket, caller, check: 0 });
    void socket.join(roomsOf(caller));
    socket.once('disconnect', () => this.#remove(socket));
    if (isFirst) for (const listener of this.#listeners) listener(caller.accountId, true);
  }

  /** Whose socket it is right now; null once the session is over. Asking counts as activity of the session. */
  callerOf(socket: Socket): Caller | null {
    const caller = this.#connections.get(socket.id)?.caller ?? null;
    if (caller) this.#active.add(caller.sessionId);
    return caller;
  }

  /** Whether the account has a socket on this node. */
  isConnected(accountId: AccountId): boolean {
    return this.#inRoom(roomOf({ account: accountId })).length > 0;
  }

  /** Accounts with a socket on this node, each once. */
  accounts(): readonly AccountId[] {
    return [...new Set(Array.from(this.#connections.values(), ({ caller }) => caller.accountId))];
  }

  /** Called when the first socket of an account has come to this node, or the last one has gone. */
  onChange(listener: (accountId: AccountId, connected: boolean) => void): void {
    this.#listeners.add(listener);
  }

  /** Tells and closes the session's sockets on all nodes. */
  endSession(sessionId: SessionId, reason: SessionEnd): void {
    this.#close((caller) => caller.sessionId === sessionId, reason);
    this.#dependencies.bus.publish({ kind: 'session-ended', sessionId, reason });
  }

  /** Reads again what the account may do; resolves when this node's sockets are in the right rooms. Tells the other nodes. */
  async refreshRights(accountId: AccountId): Promise<void> {
    this.#dependencies.bus.publish({ kind: 'rights-changed', accountId });
    await this.#check((caller) => caller.accountId === accountId);
  }

  /** Sessions that have sent something since the last call. */
  takeActive(): readonly SessionId[] {
    const active = [...this.#active];
    this.#active.clear();
    return active;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  /** In the order in which they came. */
  #inRoom(room: string): Connection[] {
    const socketIds = this.#dependencies.io.sockets.adapter.rooms.get(room) ?? [];
    return [...socketIds].flatMap((socketId) => this.#connections.get(socketId) ?? []);
  }

  #select(matches: (caller: Caller) => boolean): Connection[] {
    return [...this.#connections.values()].filter(({ caller }) => matches(caller));
  }

  #remove(socket: Socket): void {
    const connection = this.#connections.get(socket.id);
    if (!connection || !this.#connections.delete(socket.id)) return;
    const { accountId } = connection.caller;
    if (!this.isConnected(accountId)) for (const listener of this.#listeners) listener(accountId, false);
  }

  #close(matches: (caller: Caller) => boolean, reason: SessionEnd): void {
    for (const { socket } of this.#select(matches)) {
      socket.emit('session:ended', { reason });
      this.#remove(socket);
      socket.disconnect(true);
    }
  }

  #checkSoon(matches: (caller: Caller) => boolean): void {
    // While the database does not answer, everybody keeps the rights he had when it last did; commands fail by themselves.
    this.#check(matches).catch((error: unknown) => this.#dependencies.log.warn({ err: error }, 'sessions could not be checked'));
  }

  async #check(matches: (caller: Caller) => boolean): Promise<void> {
    const sessionIds = new Set(this.#select(matches).map(({ caller }) => caller.sessionId));
    if (sessionIds.size === 0) return;
    this.#checking = true;
    this.#checks += 1;
    const check = this.#checks;
    try {
      const states = await this.#dependencies.readSessions([...sessionIds]);
      for (const connection of this.#select((caller) => sessionIds.has(caller.sessionId))) {
        // One that began earlier and took longer knows rights that may be gone by now.
        if (connection.check > check) continue;
        connection.check = check;
        this.#adopt(connection, states.get(connection.caller.sessionId));
      }
    } finally {
      this.#checking = false;
    }
  }

  #adopt(connection: Connection, state: SessionState | undefined): void {
    if (!state || 'ended' in state) return this.#close((caller) => caller === connection.caller, state?.ended ?? 'revoked');
    const rooms = new Set(roomsOf(state.caller));
    for (const room of roomsOf(connection.caller)) if (!rooms.has(room)) void connection.socket.leave(room);
    void connection.socket.join([...rooms]);
    connection.caller = state.caller;
  }

  #closeSlowReaders(): void {
    for (const { socket, caller } of this.#connections.values()) {
      if (pendingBytes(socket) <= maxPendingBytes) continue;
      this.#dependencies.log.warn({ account: caller.accountId }, 'a slow reader is disconnected');
      socket.conn.close(true);
    }
  }
}
