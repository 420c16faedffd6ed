import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { SfuEventName, SfuEvents } from '../protocol/events.ts';
import { maxMessageBytes, requestSchema, type AnswerMessage, type EventMessage, type RequestMessage } from '../protocol/messages.ts';

export interface ControlServerOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly answer: (request: RequestMessage) => Promise<AnswerMessage>;
  /** What a server is told when it has connected. */
  readonly welcome: () => readonly EventMessage[];
  readonly log: Logger;
}

const heartbeatMs = 5_000;
const maxInFlight = 512;
/** A server that does not read what it is told is cut off; it comes back and gets a `welcome`. */
const maxBufferedBytes = 4 * 1024 * 1024;

/** The door: WebSocket connections of servers that know the secret, on loopback or a private network. */
export class ControlServer {
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false, clientTracking: true });
  readonly #options: ControlServerOptions;

  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    const server = new ControlServer(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.#http.once('error', reject);
    server.#http.listen(options.port, options.host, resolve);
    await promise;
    return server;
  }

  private constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#http = createServer((_request, response) => response.writeHead(404).end());
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** The URL a server connects to. */
  get url(): string {
    const bound = this.#http.address();
    if (bound === null || typeof bound === 'string') throw new Error('control channel is not listening');
    const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
    return `ws://${host}:${bound.port}`;
  }

  /** Tells every connected server. */
  emit<Name extends SfuEventName>(event: Name, params: SfuEvents[Name]): void {
    const message = JSON.stringify({ event, params });
    for (const socket of this.#sockets.clients) send(socket, message);
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#http.close(() => resolve());
    this.#http.closeAllConnections();
    for (const socket of this.#sockets.clients) socket.terminate();
    await promise;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!isAuthorized(request.headers.authorization, this.#options.secret)) {
      this.#options.log.warn({ remoteAddress: request.socket.remoteAddress }, 'a connection without the secret was refused');
      // Nobody else listens to it any more: an error without a listener would end this process, and every call with it.
      socket.on('error', () => undefined);
      // Without waiting for the other side to close, too.
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy());
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => this.#accept(accepted));
  }

  #accept(socket: WebSocket): void {
    let answered = true;
    let inFlight = 0;
    const heartbeat = setInterval(() => {
      if (!answered) {
        socket.terminate();
        return;
      }
      answered = false;
      socket.ping();
    }, heartbeatMs);
    socket.on('pong', () => (answered = true));
    socket.on('close', () => clearInterval(heartbeat));
    socket.on('error', (error) => this.#options.log.warn({ err: error }, 'control connection failed'));
    socket.on('message', (data) => {
      const request = parseRequest(data);
      if (!request || inFlight >= maxInFlight) {
        // RFC 6455 §7.4.1: 1008, policy violation. Nothing that knows the secret sends such a thing.
        socket.close(1008);
        return;
      }
      inFlight += 1;
      void respond(request);
    });
    const respond = async (request: RequestMessage): Promise<void> => {
      const message = await this.#options.answer(request);
      inFlight -= 1;
      send(socket, JSON.stringify(message));
    };
    for (const message of this.#options.welcome()) send(socket, JSON.stringify(message));
  }
}

function send(socket: WebSocket, message: string): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > maxBufferedBytes) socket.terminate();
  else socket.send(message);
}

function parseRequest(data: RawData): RequestMessage | undefined {
  try {
    const text = Buffer.isBuffer(data) ? data.toString('utf8') : '';
    return requestSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Compares hashes, so that neither length nor content of the secret shows in the time it takes. */
function isAuthorized(header: string | undefined, secret: string): boolean {
  return timingSafeEqual(sha256(header ?? ''), sha256(`Bearer ${secret}`));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
