/** Runs the work while nobody else, in any tab, runs work under the same name. */
export type Lock = <Value>(name: string, work: () => Promise<Value>) => Promise<Value>;

/** Across all tabs of this origin (Web Locks). */
export const webLock: Lock = async (name, work) => await navigator.locks.request(name, work);

/** Within one process only: for programs, which have no second tab. */
export function memoryLock(): Lock {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const turn = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
}
