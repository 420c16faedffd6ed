/** What decides the order of the line. */
export interface Due {
  readonly dueAt: number;
  /** Counted by the database: decides between two that are due in the same millisecond. */
  readonly arrival: number;
}

/** The line, first come first: nobody stands before somebody who was due earlier. Leaves the given list alone. */
export function inOrder<Entry extends Due>(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((left, right) => left.dueAt - right.dueAt || left.arrival - right.arrival);
}
