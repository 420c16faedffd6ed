import { createWorker, type types } from 'mediasoup';
import type { Logger } from 'pino';
import { routerCodecs } from './codecs.ts';
import { SfuError } from './sfu-error.ts';
import { TcpDoor } from './tcp-door.ts';

export interface MediaWorkerOptions {
  /** Absolute path of the mediasoup-worker binary. */
  readonly workerBin: string;
  /** The address its UDP and TCP port is opened on. */
  readonly listenAddress: string;
  /** The address peers are told to send to, if another one. */
  readonly announcedAddress: string | undefined;
  /** One port for UDP and for TCP; 0 for any free one of each. */
  readonly port: number;
  readonly log: Logger;
}

/** Of the worker's own TCP port, behind the door: none that the system gives away, nor one that peers are told of. */
const innerTcpPorts = { min: 61_000, max: 65_535 };
/** All calls of a worker come through one socket: a burst of one must not cost the others packets. The system may allow less. */
const receiveBufferBytes = 4 * 1024 * 1024;
const startTimeoutMs = 10_000;
const answerTimeoutMs = 2_000;
const watchEveryMs = 1_000;
/** Real-time text comes in small pieces (RFC 8865), each of them sealed. */
const maxTextBytes = 4 * 1024;
/** Of what one sender wrote and a slow receiver has not taken yet. Beyond it a message is dropped. */
const maxWaitingBytesPerText = 64 * 1024;
/** With five others writing, none of them can take the room of another. */
const maxWaitingBytes = 6 * maxWaitingBytesPerText;

/**
 * One mediasoup-worker process and the one port it serves. mediasoup waits for a worker's answers without limit, so
 * nobody calls a worker but through `ask`; a worker that owes an answer for two seconds is frozen and is killed.
 */
export class MediaWorker {
  readonly #worker: types.Worker;
  readonly #webRtcServer: types.WebRtcServer;
  readonly #door: TcpDoor;
  readonly #log: Logger;
  readonly #watch: NodeJS.Timeout;
  readonly #gone: Promise<void>;
  #load = 0;

  /** Throws `unavailable` when the process does not come up. */
  static async start(options: MediaWorkerOptions): Promise<MediaWorker> {
    const { workerBin, listenAddress, announcedAddress, port, log } = options;
    const starting = leavingSignalsAlone(() => createWorker({ workerBin, logLevel: 'warn' }));
    const worker = await answerWithin(startTimeoutMs, starting);
    const announced = { announcedAddress: announcedAddress ?? listenAddress };
    try {
      const listenInfos: types.TransportListenInfo[] = [
        { ip: listenAddress, ...announced, ...(port === 0 ? {} : { port }), protocol: 'udp', recvBufferSize: receiveBufferBytes },
        { ip: '127.0.0.1', ...announced, portRange: innerTcpPorts, protocol: 'tcp' },
      ];
      const webRtcServer = await answerWithin(answerTimeoutMs, worker.createWebRtcServer({ listenInfos }));
      const { tcpServers } = await answerWithin(answerTimeoutMs, webRtcServer.dump());
      const door = await TcpDoor.open({ listenAddress, port, workerPort: tcpServers[0]?.port ?? 0 });
      if (!worker.closed) return new MediaWorker({ worker, webRtcServer, door, log });
      door.close();
      throw new SfuError('unavailable', 'the media worker died');
    } catch (error) {
      worker.close();
      throw error;
    }
  }

  private constructor(parts: { worker: types.Worker; webRtcServer: types.WebRtcServer; door: TcpDoor; log: Logger }) {
    const { worker, webRtcServer, door, log } = parts;
    this.#worker = worker;
    this.#webRtcServer = webRtcServer;
    this.#door = door;
    this.#log = log.child({ workerPid: worker.pid });
    // The question itself is the watch: `ask` kills a worker that does not answer it.
    this.#watch = setInterval(() => void this.ask(worker.getResourceUsage()).catch(() => undefined), watchEveryMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gone = promise;
    worker.observer.once('close', () => {
      clearInterval(this.#watch);
      door.close();
      resolve();
    });
  }

  get pid(): number {
    return this.#worker.pid;
  }

  /** Whether the process is gone, for whatever reason. */
  get closed(): boolean {
    return this.#worker.closed;
  }

  /** How many routers it carries or is about to. */
  get load(): number {
    return this.#load;
  }

  /** Where peers without UDP knock. */
  get tcpPort(): number {
    return this.#door.port;
  }

  /** Calls back once when the process died, but not when it was closed. */
  onDied(callback: () => void): void {
    this.#worker.once('died', callback);
  }

  async createRouter(): Promise<types.Router> {
    this.#load += 1;
    try {
      const router = await this.ask(this.#worker.createRouter({ mediaCodecs: routerCodecs }));
      router.observer.once('close', () => (this.#load -= 1));
      return router;
    } catch (error) {
      this.#load -= 1;
      throw error;
    }
  }

  /** A transport on the worker's one port. */
  createTransport(router: types.Router): Promise<types.WebRtcTransport> {
    return this.ask(
      router.createWebRtcTransport({
        webRtcServer: this.#webRtcServer,
        preferUdp: true,
        // RFC 7675: a peer that stops consenting is noticed after 15 s.
        iceConsentTimeout: 15,
        // Enough for sound and a small picture: a line is not flooded before it is known. The estimate rises within seconds.
        initialAvailableOutgoingBitrate: 600_000,
        enableSctp: true,
        maxSendMessageSize: maxTextBytes,
        maxReceiveMessageSize: maxTextBytes,
        sctpSendBufferSize: maxWaitingBytes,
        sctpPerStreamSendQueueLimit: maxWaitingBytesPerText,
        sctpMaxReceiverWindowBufferSize: maxWaitingBytesPerText,
      }),
    );
  }

  /** Whether a transport still takes ICE parameters of before its last restart: nobody has used the new ones then. */
  async hasUnusedRestart(transportId: string): Promise<boolean> {
    const { localIceUsernameFragments } = await this.ask(this.#webRtcServer.dump());
    return localIceUsernameFragments.filter(({ webRtcTransportId }) => webRtcTransportId === transportId).length > 1;
  }

  /** Waits two seconds for an answer of the worker. Throws `unavailable` if it died or froze, `bad_request` if it (or mediasoup) refused. */
  async ask<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answerWithin(answerTimeoutMs, answer);
    } catch (error) {
      if (this.#worker.closed) throw new SfuError('unavailable', 'the media worker died', { cause: error });
      if (error instanceof SfuError) {
        this.#log.error('the media worker is frozen and gets killed');
        process.kill(this.#worker.pid, 'SIGKILL');
        // Only then are its rooms gone, and can be opened on another worker.
        await this.#gone;
        throw error;
      }
      throw new SfuError('bad_request', 'mediasoup refused', { cause: error });
    }
  }

  close(): void {
    this.#worker.close();
  }
}

/** mediasoup closes its workers at SIGTERM; here they go on while their rooms do, and whoever started them closes them. */
function leavingSignalsAlone<Result>(start: () => Result): Result {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const before = signals.map((signal) => new Set(process.listeners(signal)));
  const result = start();
  for (const [index, signal] of signals.entries())
    for (const listener of process.listeners(signal)) if (!before[index]?.has(listener)) process.off(signal, listener);
  return result;
}

async function answerWithin<Answer>(timeoutMs: number, answer: Promise<Answer>): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // If it was this process that stood still, the answer lies in the socket: read that before judging.
    setImmediate(() => reject(new SfuError('unavailable', `no answer of the media worker in ${timeoutMs} ms`)));
  }, timeoutMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
