/** Runs one piece of work after the other, in the order they came; one that fails does not hold up the next. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    const before = this.#last;
    const done = this.#after(before, work);
    this.#last = done.catch(() => undefined);
    return await done;
  }

  async #after<Value>(before: Promise<unknown>, work: () => Promise<Value>): Promise<Value> {
    await before;
    return await work();
  }
}
