/** What some wait for, by its id: each is told once, of what happens from then on. */
export class Moments {
  readonly #waiting = new Map<string, (() => void)[]>();

  of(id: string): Promise<void> {
    return new Promise((resolve) => void this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]));
  }

  tell(id: string): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve();
    this.#waiting.delete(id);
  }
}
