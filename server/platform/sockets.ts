import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type { WebSocket } from 'ws';
import { limits } from '../protocol/limits.ts';
import type { Caller } from './caller.ts';
import type { Log } from './log.ts';

export interface SocketDependencies {
  readonly server: HttpServer;
  readonly origin: string;
  readonly log: Log;
  /** Whose session the handshake's cookie names, or null. */
  readonly authenticate: (cookieHeader: string | undefined) => Promise<Caller | null>;
  readonly onConnection: (socket: Socket, caller: Caller) => void;
}

/** Open sockets of one address. */
const maxPerAddress = 200;
/** What a client sends in a second, heartbeats included, before the line is cut (reliability.md W13). */
const maxPacketsPerSecond = 300;

type Connection = Socket['conn'];

/** Socket.IO on the server's port: WebSocket only, one namespace, and nothing before origin and session are known. */
export function createSockets({ server, origin, log, authenticate, onConnection }: SocketDependencies): Server {
  const perAddress = new Map<string, number>();
  const io = new Server(server, {
    serveClient: false,
    transports: ['websocket'],
    pingInterval: 5_000,
    pingTimeout: 4_000,
    connectTimeout: 5_000,
    maxHttpBufferSize: limits.frameBytes,
    perMessageDeflate: false,
    allowRequest: (request, decide) => {
      const refusal = refuse(request, origin, perAddress);
      decide(refusal, refusal === null);
    },
  });
  io.engine.on('connection', (connection: Connection) => {
    watch(connection, log);
    const address = connection.remoteAddress;
    perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
    connection.once('close', () => {
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
  });
  const callers = new WeakMap<Socket, Caller>();
  io.use((socket, next) => {
    const admit = async (): Promise<void> => {
      const caller = await authenticate(socket.request.headers.cookie).catch((error: unknown) => {
        log.warn({ err: error }, 'a handshake could not be authenticated');
        return 'unavailable' as const;
      });
      if (caller !== null && caller !== 'unavailable') {
        callers.set(socket, caller);
        next();
        return;
      }
      // A browser does not tell a script why a handshake failed, so the session is judged here, where the answer arrives.
      next(new Error(caller ?? 'unauthenticated'));
      // Socket.IO writes that on the next tick.
      setImmediate(() => socket.conn.close());
    };
    void admit();
  });
  io.on('connection', (socket) => {
    const caller = callers.get(socket);
    if (caller) onConnection(socket, caller);
  });
  return io;
}

/** Why a handshake is not even begun, or null (reliability.md W01, W04, W06). */
function refuse({ headers, socket, url }: IncomingMessage, origin: string, perAddress: ReadonlyMap<string, number>): string | null {
  if (headers.origin !== origin || headers.host !== new URL(origin).host) return 'another origin';
  if (!/[?&]EIO=4(?:&|$)/.test(url ?? '')) return 'another protocol';
  if (headers.cookie === undefined) return 'no session';
  if ((perAddress.get(socket.remoteAddress ?? '') ?? 0) >= maxPerAddress) return 'too many connections';
  return null;
}

const queuedBytes = new WeakMap<Connection, number>();

function watch(connection: Connection, log: Log): void {
  connection.on('packetCreate', ({ data }: { data?: string }) =>
    queuedBytes.set(connection, (queuedBytes.get(connection) ?? 0) + (data?.length ?? 0)),
  );
  connection.on('flush', () => queuedBytes.set(connection, 0));
  let second = 0;
  let packets = 0;
  const count = (): void => {
    const now = Math.floor(performance.now() / 1_000);
    packets = now === second ? packets + 1 : 1;
    second = now;
    if (packets !== maxPacketsPerSecond) return;
    log.warn({ address: connection.remoteAddress }, 'a flood of packets');
    connection.close(true);
  };
  connection.on('packet', count);
  websocketOf(connection)?.on('ping', count);
}

/** Engine.IO keeps it on the request, and does not say so in its types. */
function websocketOf({ request }: Connection): WebSocket | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (request as IncomingMessage & { websocket?: WebSocket }).websocket;
}

/** Bytes that wait to be taken up by the other side: in Engine.IO's queue, and in the WebSocket's. */
export function pendingBytes({ conn }: Socket): number {
  return (queuedBytes.get(conn) ?? 0) + (websocketOf(conn)?.bufferedAmount ?? 0);
}
