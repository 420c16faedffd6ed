import { EventEmitter } from 'node:events';
import { WebSocket, type RawData } from 'ws';
import { z } from 'zod';
import type { SfuEventName, SfuEvents } from '../../sfu/protocol/events.ts';
import { answerSchema, maxMessageBytes, type AnswerMessage, type EventMessage } from '../../sfu/protocol/messages.ts';
import type { SfuMethod, SfuParams, SfuResult } from '../../sfu/protocol/requests.ts';
import { AppError } from '../platform/app-error.ts';
import type { Log } from '../platform/log.ts';

// The sfu's caps on what browsers send, for the schemas of the calls' commands.
export {
  dtlsParametersSchema,
  rtpCapabilitiesSchema,
  rtpParametersSchema,
  sctpStreamParametersSchema,
} from '../../sfu/protocol/media-schemas.ts';
export type { DataProducerView as SfuDataProducer, ProducerView as SfuProducer } from '../../sfu/protocol/requests.ts';
export type { SfuEventName, SfuEvents, SfuMethod, SfuParams, SfuResult };

export interface SfuClientOptions {
  /** ws: or wss: */
  readonly url: string;
  readonly secret: string;
  readonly log: Log;
}

interface Pending {
  readonly message: string;
  readonly settle: (answer: AnswerMessage) => void;
}

const requestTimeoutMs = 4_000;
const maxPending = 512;
const maxReconnectDelayMs = 2_000;
/** The sfu pings every 5 s; after two missed ones the line is dead. */
const silenceMs = 12_000;

const messageSchema = z.union([
  answerSchema,
  z.custom<EventMessage>((message) => typeof message === 'object' && message !== null && 'event' in message),
]);

/** The connection to one sfu: it stays, across restarts of either side, until it is closed. */
export class SfuClient {
  readonly #options: SfuClientOptions;
  readonly #events = new EventEmitter<{ [Name in SfuEventName]: [SfuEvents[Name]] }>();
  readonly #pending = new Map<number, Pending>();
  #socket: WebSocket;
  #nextId = 0;
  #attempt = 0;
  #reconnect: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SfuClientOptions) {
    this.#options = options;
    this.#socket = this.#connect();
  }

  get connected(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /**
   * Answers as the sfu does. While the line is down a request waits for it, and what was under way is sent again: every
   * request may be sent twice. Throws an AppError: the sfu's code, or `unavailable` after four seconds.
   */
  async request<Method extends SfuMethod>(method: Method, params: SfuParams<Method>): Promise<SfuResult<Method>> {
    if (this.#closed || this.#pending.size >= maxPending) throw new AppError('unavailable', 'the sfu takes no more requests');
    const id = this.#nextId;
    this.#nextId += 1;
    const message = JSON.stringify({ id, method, params });
    const { promise, resolve } = Promise.withResolvers<AnswerMessage>();
    const timer = setTimeout(
      () => resolve({ id, error: { code: 'unavailable', message: `no answer of the sfu to ${method} in ${requestTimeoutMs} ms` } }),
      requestTimeoutMs,
    );
    this.#pending.set(id, { message, settle: resolve });
    if (this.connected) this.#socket.send(message);
    const answer = await promise;
    clearTimeout(timer);
    this.#pending.delete(id);
    if ('error' in answer) throw new AppError(answer.error.code, answer.error.message);
    // Both ends come from one repository and know one secret: what is answered has the method's type.
    return z.custom<SfuResult<Method>>((result) => typeof result === 'object' && result !== null).parse(answer.result);
  }

  /** Listens to one kind of event; returns the function that stops it. */
  on<Name extends SfuEventName>(event: Name, listener: (fact: SfuEvents[Name]) => void): () => void {
    const events: EventEmitter = this.#events;
    events.on(event, listener);
    return () => void events.off(event, listener);
  }

  /** Requests under way end as `unavailable`. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#reconnect);
    clearTimeout(this.#silence);
    this.#socket.terminate();
    for (const [id, { settle }] of this.#pending)
      settle({ id, error: { code: 'unavailable', message: 'the connection to the sfu was closed' } });
  }

  #connect(): WebSocket {
    const { url, secret, log } = this.#options;
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${secret}` },
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
      handshakeTimeout: 2_000,
    });
    socket.on('open', () => {
      this.#attempt = 0;
      this.#heard();
      for (const { message } of this.#pending.values()) socket.send(message);
    });
    socket.on('ping', () => this.#heard());
    socket.on('message', (data) => this.#receive(data));
    socket.on('error', (error) => log.warn({ err: error }, 'no connection to the sfu'));
    socket.on('close', () => {
      clearTimeout(this.#silence);
      if (this.#closed) return;
      this.#attempt += 1;
      const ceilingMs = Math.min(maxReconnectDelayMs, 50 * 2 ** Math.min(this.#attempt, 10));
      this.#reconnect = setTimeout(() => (this.#socket = this.#connect()), ceilingMs * (0.5 + Math.random() / 2));
    });
    return socket;
  }

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.terminate(), silenceMs);
  }

  #receive(data: RawData): void {
    const message = parseMessage(data);
    if (!message) this.#socket.terminate();
    else if ('event' in message) this.#dispatch(message);
    else this.#pending.get(message.id)?.settle(message);
  }

  #dispatch({ event, params }: EventMessage): void {
    const events: EventEmitter = this.#events;
    events.emit(event, params);
  }
}

function parseMessage(data: RawData): z.infer<typeof messageSchema> | undefined {
  try {
    return messageSchema.parse(JSON.parse(Buffer.isBuffer(data) ? data.toString('utf8') : ''));
  } catch {
    return undefined;
  }
}

/** Connects in the background, and again whenever the line is lost. */
export function connectSfu(options: SfuClientOptions): SfuClient {
  return new SfuClient(options);
}
