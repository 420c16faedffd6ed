import type { PriorityReason } from '../protocol/queue.ts';

/** 0: prioritised, or an appointment whose time has come. 1: walk-ins. 2: checked in for an appointment that is not due yet. */
export type PlaceClass = 0 | 1 | 2;

/** By this the line is ordered: class, time, who came first, and how many times somebody was put behind it. */
export interface Spot {
  readonly class: PlaceClass;
  readonly dueAt: number;
  /** Counted by the database: decides between two that are due in the same millisecond. */
  readonly arrival: number;
  /** 0 at one's own place; one more than the one somebody was put behind. */
  readonly depth: number;
}

/** Where somebody was put who missed a turn, or came back, and when that was. */
export type Behind = Spot & { readonly at: number };

/** What decides where somebody stands. Times are milliseconds since 1970. */
export interface Standing {
  readonly arrival: number;
  readonly joinedAt: number;
  /** Joined without an appointment; one may have come later. */
  readonly walkedIn: boolean;
  readonly appointment: { readonly startsAt: number } | null;
  readonly priority: PriorityReason | null;
  readonly behind: Behind | null;
}

/**
 * Where somebody stands at a moment. An appointment holder is next at his time, not before and not behind all who came earlier;
 * whoever walked in and then checked in has the better of both places.
 */
export function spotOf(standing: Standing, at: number): Spot {
  const { arrival, joinedAt, walkedIn, appointment, priority, behind } = standing;
  const startsAt = appointment?.startsAt ?? Infinity;
  // An appointment that became due since then makes up for a turn that was missed before it.
  if (behind && !(startsAt > behind.at && startsAt <= at)) return behind;
  if (priority) return { class: 0, dueAt: joinedAt, arrival, depth: 0 };
  if (startsAt <= at) return { class: 0, dueAt: startsAt, arrival, depth: 0 };
  return walkedIn ? { class: 1, dueAt: joinedAt, arrival, depth: 0 } : { class: 2, dueAt: startsAt, arrival, depth: 0 };
}

/** The line at a moment: of one class, nobody stands before somebody who was due earlier. Leaves the given list alone. */
export function inOrder<Entry extends Standing>(entries: readonly Entry[], at: number): Entry[] {
  return entries
    .map((entry) => ({ entry, spot: spotOf(entry, at) }))
    .toSorted((left, right) => compareSpots(left.spot, right.spot) || left.entry.arrival - right.entry.arrival)
    .map(({ entry }) => entry);
}

/**
 * Place 2: right behind the first of the line, or where one stands already when that is further back. Those whose appointments are
 * not due yet are nobody to wait for.
 */
export function behindFirst(standing: Standing, line: readonly Standing[], at: number): Behind | null {
  const [first] = inOrder(line, at);
  if (!first) return standing.behind;
  const spot = spotOf(first, at);
  const second: Spot = { class: spot.class, dueAt: spot.dueAt, arrival: spot.arrival, depth: spot.depth + 1 };
  return spot.class === 2 || compareSpots(spotOf(standing, at), second) >= 0 ? standing.behind : { ...second, at };
}

function compareSpots(left: Spot, right: Spot): number {
  return left.class - right.class || left.dueAt - right.dueAt || left.arrival - right.arrival || left.depth - right.depth;
}
