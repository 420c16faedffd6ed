import { io } from 'socket.io-client';
import type { Subscribe } from './subscribe.ts';
import { Subject, type Observable } from './observable.ts';
import { requestOver, type ClientSocket, type RequestFunction } from './request.ts';
import { retryDelayMs } from './retry-delay.ts';
import { isBrowserOffline, onWake } from './wake.ts';

export interface ConnectionState {
  readonly status: 'connecting' | 'connected' | 'reconnecting' | 'offline';
  /** Milliseconds since 1970, from this device's clock. */
  readonly since: number;
}

export interface Connection {
  readonly state: Observable<ConnectionState>;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  /** Opens the line and keeps it open, until `close`. */
  open(): void;
  /** While somebody waits before the other side's eyes, as in a call, it is sought without long pauses. */
  setUrgent(isUrgent: boolean): void;
  close(): void;
}

export interface ConnectionOptions {
  /** Origin of the server. */
  readonly url: string;
  /** The handshake was refused because no session belongs to it. The line stays closed. */
  readonly onUnauthenticated: () => void;
  /** Where no browser adds the cookie: the headers of the next handshake. */
  readonly headers?: () => Record<string, string>;
}

/** The server pings every 5 s and waits 4 s: a line that has been silent for longer is gone, whatever the socket believes. */
const silenceMs = 9_500;

/** Between two attempts, in milliseconds; half of it more or less by chance. With the shorter one nobody waits for more than 2 s (R42). */
const longestPauseMs = { usual: 5_000, urgent: 1_300 };

/** The line to the server. WebSocket only, so that any node can answer (reliability.md §0.2, rule 6). */
export function createConnection({ url, onUnauthenticated, headers }: ConnectionOptions): Connection {
  const socket: ClientSocket = io(url, {
    transports: ['websocket'],
    autoConnect: false,
    forceNew: true,
    reconnectionDelay: 250,
    reconnectionDelayMax: longestPauseMs.usual,
    randomizationFactor: 0.5,
  });
  const state = new Subject<ConnectionState>({ status: 'offline', since: Date.now() });
  let wanted = false;
  let heardAt = 0;
  let refusals = 0;
  let replaced = false;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let stopWake: (() => void) | null = null;

  const show = (status: ConnectionState['status']) => {
    if (state.value.status !== status) state.set({ status, since: Date.now() });
  };
  const showLost = () => {
    if (isBrowserOffline()) show('offline');
    else show(state.value.status === 'connecting' ? 'connecting' : 'reconnecting');
  };
  const connect = () => {
    if (headers) socket.io.opts.extraHeaders = headers();
    socket.connect();
    watchOpening();
  };
  // Socket.IO takes a line that is closed before it was open, and not for an error, for one that still opens, and gives up after 20 s only.
  const watchOpening = () => {
    const { engine } = socket.io;
    let isDealtWith = engine.readyState !== 'opening';
    for (const event of ['open', 'error'] as const) engine.once(event, () => (isDealtWith = true));
    engine.once('close', () => {
      if (isDealtWith || !wanted || engine !== socket.io.engine) return;
      socket.disconnect();
      connectLater();
    });
  };
  const connectLater = () => {
    clearTimeout(retryTimer);
    refusals += 1;
    retryTimer = setTimeout(connect, retryDelayMs(refusals));
  };
  const prove = () => {
    if (socket.connected && Date.now() - heardAt < silenceMs) return;
    clearTimeout(retryTimer);
    showLost();
    socket.disconnect();
    connect();
  };

  // The attempt begins as soon as everybody has heard of it.
  socket.io.on('reconnect_attempt', () => queueMicrotask(watchOpening));
  socket.io.on('ping', () => (heardAt = Date.now()));
  socket.on('connect', () => {
    heardAt = Date.now();
    refusals = 0;
    show('connected');
  });
  // Too many tabs: the oldest line gives way, and comes back when somebody looks at its tab; or two would displace each other for ever.
  socket.on('connection:replaced', () => (replaced = true));
  socket.on('disconnect', (reason) => {
    if (!wanted) return;
    showLost();
    // Socket.IO does not come back by itself when the server closed the socket: it drains, or the session is over.
    if (reason === 'io server disconnect' && !replaced) connectLater();
    replaced = false;
  });
  socket.on('connect_error', (error) => {
    if (!wanted) return;
    if (error.message === 'unauthenticated') {
      close();
      onUnauthenticated();
      return;
    }
    showLost();
    if (!socket.active) connectLater();
  });

  function open(): void {
    if (wanted) return;
    wanted = true;
    show('connecting');
    stopWake = onWake(prove);
    connect();
  }

  function close(): void {
    wanted = false;
    clearTimeout(retryTimer);
    stopWake?.();
    socket.disconnect();
    show('offline');
  }

  return {
    state,
    request: requestOver(socket),
    on: (name, listener) => {
      // Socket.IO's types cannot follow a generic event name to its listener.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const untyped: { on(name: string, listener: unknown): void; off(name: string, listener: unknown): void } = socket as never;
      untyped.on(name, listener);
      return () => untyped.off(name, listener);
    },
    open,
    setUrgent: (isUrgent) => void socket.io.reconnectionDelayMax(isUrgent ? longestPauseMs.urgent : longestPauseMs.usual),
    close,
  };
}
