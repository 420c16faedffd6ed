import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Notifications } from '../../server/protocol/notifications.ts';
import type { Observable } from './observable.ts';

/** Listens to one notification; returns the function that stops it. */
export type Subscribe = <Name extends keyof Notifications>(name: Name, listener: Notifications[Name]) => () => void;

/** Listens to notifications while its element is connected. */
export class NotificationController implements ReactiveController {
  readonly #subscribe: Subscribe;
  readonly #listeners: Partial<Notifications>;
  #stops: readonly (() => void)[] = [];

  constructor(host: ReactiveControllerHost, subscribe: Subscribe, listeners: Partial<Notifications>) {
    this.#subscribe = subscribe;
    this.#listeners = listeners;
    host.addController(this);
  }

  hostConnected(): void {
    this.#stops = namesOf(this.#listeners).map((name) => this.#listen(name));
  }

  hostDisconnected(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  #listen(name: keyof Notifications): () => void {
    const listener = this.#listeners[name];
    return listener ? this.#subscribe(name, listener) : () => undefined;
  }
}

function namesOf<Name extends string>(listeners: Partial<Record<Name, unknown>>): Name[] {
  const names: Name[] = [];
  for (const name in listeners) names.push(name);
  return names;
}

/** Renders its element again when an observable changes. */
export class Watch<Value> implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #observable: Observable<Value>;
  readonly #onChange: ((value: Value) => void) | undefined;
  #stop: (() => void) | null = null;

  constructor(host: ReactiveControllerHost, observable: Observable<Value>, onChange?: (value: Value) => void) {
    this.#host = host;
    this.#observable = observable;
    this.#onChange = onChange;
    host.addController(this);
  }

  get value(): Value {
    return this.#observable.value;
  }

  hostConnected(): void {
    this.#stop = this.#observable.subscribe((value) => {
      this.#onChange?.(value);
      this.#host.requestUpdate();
    });
    // What changed while the element was out of the page was not heard.
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#stop?.();
    this.#stop = null;
  }
}
