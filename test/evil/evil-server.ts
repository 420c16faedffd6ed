import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { Server as SocketServer, type Socket } from 'socket.io';
import { io, type Socket as Line } from 'socket.io-client';
import type { Result } from '../../server/protocol/errors.ts';
import type { Notifications } from '../../server/protocol/notifications.ts';
import { findOrigin, startTestServer, type TestServer } from '../support/server.ts';
import { type Fact, Lies } from './lies.ts';

/** With this header a browser says which of the test's it is: a real server knows by the cookie. */
export const browserHeader = 'x-browser';

/**
 * The product's own server, on a real database, and in front of it somebody who has taken it over: every request and answer, every
 * notification goes through his hands, and the database is his. What he does otherwise is in `lies`.
 */
export class EvilServer {
  readonly origin: string;
  /** The honest server behind, and its database. */
  readonly server: TestServer;
  readonly lies = new Lies();
  /** Everything that came by, in both directions, as it was written. */
  readonly overheard: string[] = [];
  readonly #http: HttpServer;
  readonly #sockets: SocketServer;
  readonly #open = new Map<string, Set<Socket>>();

  private constructor(server: TestServer, origin: string) {
    this.server = server;
    this.origin = origin;
    this.#http = createServer((request, response) => void this.#pass(request, response));
    this.#sockets = new SocketServer(this.#http, { transports: ['websocket'], serveClient: false });
    this.#sockets.use((socket, next) => void this.#admit(socket, next));
  }

  static async start(options: Parameters<typeof startTestServer>[0] = {}): Promise<EvilServer> {
    const server = await startTestServer(options);
    const { origin, port } = await findOrigin();
    const evil = new EvilServer(server, origin);
    evil.#http.listen(port, '127.0.0.1');
    await once(evil.#http, 'listening');
    return evil;
  }

  /** Tells a browser something nobody asked for. */
  tell<Event extends keyof Notifications>(to: string, event: Event, fact: Fact<Event>): void {
    for (const socket of this.#open.get(to) ?? []) socket.emit(event, fact);
  }

  async close(): Promise<void> {
    this.#sockets.disconnectSockets(true);
    await this.#sockets.close();
    this.#http.closeAllConnections();
    await this.server.close();
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
    const to = String(headers[browserHeader] ?? '');
    const answer = await fetch(new URL(request.url ?? '/', this.server.origin), {
      method: request.method ?? 'GET',
      headers: { ...flat(headers), ...(headers.origin === undefined ? {} : { origin: this.server.origin }) },
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    this.overheard.push(`${request.url} ${body.toString('latin1')}`);
    const told = await this.#forgePage(answer, `${request.method} ${request.url}`, to);
    response.statusCode = answer.status;
    for (const [name, value] of answer.headers) {
      if (!['content-length', 'content-encoding', 'transfer-encoding', 'connection', 'set-cookie'].includes(name))
        response.setHeader(name, value);
    }
    response.setHeader('set-cookie', answer.headers.getSetCookie());
    this.overheard.push(told.toString('latin1'));
    response.end(told);
  }

  async #forgePage(answer: Response, route: string, to: string): Promise<Buffer> {
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok || !answer.headers.get('content-type')?.includes('json')) return bytes;
    const value: unknown = JSON.parse(bytes.toString());
    return Buffer.from(JSON.stringify(this.lies.told('page', route, value, null, to)));
  }

  async #admit(socket: Socket, next: (error?: Error) => void): Promise<void> {
    const headers = socket.handshake.headers;
    const to = String(headers[browserHeader] ?? '');
    const line = io(this.server.origin, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { cookie: headers.cookie ?? '', origin: this.server.origin },
    });
    const { promise: up, resolve: isUp } = Promise.withResolvers<void>();
    line.onAny((event: string, fact: unknown) => {
      void this.#hand(socket, event, fact, to, up);
    });
    const refusal = await new Promise<Error | null>((resolve) => {
      line.once('connect', () => resolve(null));
      line.once('connect_error', resolve);
    });
    if (refusal) {
      next(new Error(refusal.message));
      setImmediate(() => socket.conn.close());
      return;
    }
    const open = this.#open.get(to) ?? new Set();
    this.#open.set(to, open.add(socket));
    socket.once('disconnect', () => {
      open.delete(socket);
      line.disconnect();
    });
    line.once('disconnect', () => socket.disconnect(true));
    socket.onAny((name: string, payload: unknown, answer: (result: unknown) => void) => void this.#ask(line, name, payload, to, answer));
    next();
    isUp();
  }

  async #hand(socket: Socket, event: string, fact: unknown, to: string, up: Promise<void>): Promise<void> {
    await up;
    const told = this.lies.told('hint', event, fact, null, to);
    this.overheard.push(JSON.stringify(told));
    if (told !== null) socket.emit(event, told);
  }

  async #ask(line: Line, name: string, request: unknown, to: string, answer: (result: unknown) => void): Promise<void> {
    this.overheard.push(JSON.stringify(request));
    const invented = await this.lies.invented(name, request, to);
    if (invented !== undefined) {
      if (invented !== 'silence') answer(invented);
      return;
    }
    let result: Result<unknown>;
    try {
      result = await line.timeout(10_000).emitWithAck(name, request);
    } catch {
      // The honest server has gone, and so there is no answer.
      return;
    }
    this.overheard.push(JSON.stringify(result));
    answer(result.ok ? { ok: true, value: this.lies.told('answer', name, result.value, request, to) } : result);
  }
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

function flat(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}
