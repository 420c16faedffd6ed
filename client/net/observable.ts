/** A value that changes and tells who listens. A listener is not called at once: read `value` first. */
export interface Observable<Value> {
  readonly value: Value;
  /** Returns the function that stops it. */
  subscribe(listener: (value: Value) => void): () => void;
}

/** The owner's side of an observable. */
export class Subject<Value> implements Observable<Value> {
  #value: Value;
  readonly #listeners = new Set<(value: Value) => void>();

  constructor(value: Value) {
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  set(value: Value): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    // A copy: a listener may stop itself or another one.
    for (const listener of Array.from(this.#listeners)) listener(value);
  }

  subscribe(listener: (value: Value) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** Resolves with the first value, from now on, that the predicate accepts. */
export function waitUntil<Value>(observable: Observable<Value>, accept: (value: Value) => boolean): Promise<Value> {
  if (accept(observable.value)) return Promise.resolve(observable.value);
  return new Promise((resolve) => {
    const stop = observable.subscribe((value) => {
      if (!accept(value)) return;
      stop();
      resolve(value);
    });
  });
}
