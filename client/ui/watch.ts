import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** What `net`'s observables are: a value, and a way to hear of the next. */
interface Watchable<Value> {
  readonly value: Value;
  subscribe(listener: (value: Value) => void): () => void;
}

/** Draws the host again whenever the value changes, for as long as the host is connected. */
export class Watch<Value> implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #source: Watchable<Value>;
  #unsubscribe: (() => void) | undefined;

  constructor(host: ReactiveControllerHost, source: Watchable<Value>) {
    this.#host = host;
    this.#source = source;
    host.addController(this);
  }

  get value(): Value {
    return this.#source.value;
  }

  hostConnected(): void {
    this.#unsubscribe = this.#source.subscribe(() => this.#host.requestUpdate());
  }

  hostDisconnected(): void {
    this.#unsubscribe?.();
  }
}
