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

/**
 * Draws the host again whenever one of several values changes, where they come as properties: `sources` is asked at each
 * update, so that another object in a property is followed too. Goes with `host.addController(…)`.
 */
export class WatchAll implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #sources: () => readonly Watchable<unknown>[];
  #unsubscribe = new Map<Watchable<unknown>, () => void>();

  constructor(host: ReactiveControllerHost, sources: () => readonly Watchable<unknown>[]) {
    this.#host = host;
    this.#sources = sources;
  }

  hostUpdate(): void {
    const before = this.#unsubscribe;
    const sources = new Set(this.#sources());
    this.#unsubscribe = new Map(
      [...sources].map((source) => [source, before.get(source) ?? source.subscribe(() => this.#host.requestUpdate())]),
    );
    for (const [source, unsubscribe] of before) if (!sources.has(source)) unsubscribe();
  }

  hostConnected(): void {
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    for (const unsubscribe of this.#unsubscribe.values()) unsubscribe();
    this.#unsubscribe.clear();
  }
}
