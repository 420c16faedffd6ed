import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Notifications } from '../../server/protocol/notifications.ts';

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
