import { Subject } from '../../client/net/observable.ts';
import { RequestError } from '../../client/net/request-error.ts';
import type { Subscribe } from '../../client/net/subscribe.ts';
import type { RequestFunction } from '../../client/net/request.ts';
import type { Response } from '../../server/protocol/commands.ts';

interface Waiting {
  readonly payload: string;
  settle(result: unknown): void;
  refuse(error: unknown): void;
}

/** The commands of a call over a bare WebSocket, to the test's bridge instead of the server. */
export class BridgeLine {
  readonly status = new Subject<{ readonly status: 'connected' | 'reconnecting' }>({ status: 'reconnecting' });
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new EventTarget();
  #socket = this.#connect();
  #nextId = 0;

  readonly request: RequestFunction = (name, payload) => {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Response<typeof name>>();
    const message = JSON.stringify({ id, name, payload });
    this.#waiting.set(id, { payload: message, settle: resolve, refuse: reject });
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
    return promise;
  };

  readonly on: Subscribe = (name, listener) => {
    const relay = (event: Event): void => {
      if (event instanceof CustomEvent) listener(event.detail);
    };
    this.#listeners.addEventListener(name, relay);
    return () => this.#listeners.removeEventListener(name, relay);
  };

  /** At once: a socket on a network that is gone would wait long for the other side's farewell. */
  cut(): void {
    this.#socket.close();
    this.#lost(this.#socket);
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.status.set({ status: 'reconnecting' });
    this.#socket = this.#connect();
  }

  #connect(): WebSocket {
    const url = new URL(location.href);
    url.protocol = 'ws:';
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => {
      for (const { payload } of this.#waiting.values()) socket.send(payload);
      this.status.set({ status: 'connected' });
    });
    socket.addEventListener('close', () => this.#lost(socket));
    socket.addEventListener('message', ({ data }) => {
      const { id, value, code, event, fact } = JSON.parse(String(data));
      if (event) {
        this.#listeners.dispatchEvent(new CustomEvent(event, { detail: fact }));
        return;
      }
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (code) waiting?.refuse(new RequestError({ code, retryable: code === 'unavailable', ref: null }));
      else waiting?.settle(value);
    });
    return socket;
  }
}
