import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface TcpDoorOptions {
  readonly listenAddress: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Where the worker listens for TCP, on loopback. */
  readonly workerPort: number;
}

/** The worker answers nobody who does not know the user name of a transport (RFC 8445 §7.3): whoever got no answer by then has no business here. */
const strangerMs = 8_000;
/** Of those who have got no answer yet. One more and the oldest has to go: a flood drives out its own first. */
const maxStrangers = 256;
/** Consent is asked for every few seconds (RFC 7675), on every pair a browser keeps. */
const idleMs = 60_000;

/**
 * The TCP port that peers without UDP reach (RFC 6544), before the worker's own: mediasoup keeps any number of connections for any time,
 * whoever opened them and whether or not they say something.
 */
export class TcpDoor {
  readonly #server: Server;
  readonly #workerPort: number;
  readonly #sockets = new Set<Socket>();
  /** In the order of their coming. */
  readonly #strangers = new Set<Socket>();

  /** Throws what `listen` throws. */
  static async open({ listenAddress, port, workerPort }: TcpDoorOptions): Promise<TcpDoor> {
    const server = createServer({ noDelay: true });
    const door = new TcpDoor(server, workerPort);
    server.listen(port, listenAddress);
    await once(server, 'listening');
    return door;
  }

  private constructor(server: Server, workerPort: number) {
    this.#server = server;
    this.#workerPort = workerPort;
    server.on('connection', (socket) => this.#receive(socket));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the TCP door is closed');
    return address.port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #receive(socket: Socket): void {
    this.#sockets.add(socket);
    this.#strangers.add(socket);
    const [oldest] = this.#strangers;
    if (this.#strangers.size > maxStrangers) oldest?.destroy();
    const leave = setTimeout(() => socket.destroy(), strangerMs);
    socket.setTimeout(idleMs, () => socket.destroy());
    // What goes wrong on a line ends it; 'close' follows.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(leave);
      this.#sockets.delete(socket);
      this.#strangers.delete(socket);
    });
    // Who says nothing is no matter of the worker's.
    socket.once('readable', () => {
      const inner = connect({ host: '127.0.0.1', port: this.#workerPort, noDelay: true });
      inner.on('error', () => undefined);
      inner.once('data', () => {
        clearTimeout(leave);
        this.#strangers.delete(socket);
      });
      inner.once('close', () => socket.destroy());
      socket.once('close', () => inner.destroy());
      socket.pipe(inner);
      inner.pipe(socket);
    });
  }
}
