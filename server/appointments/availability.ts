import type { SlotView } from '../protocol/appointments.ts';

/** From opening to closing without a break, in milliseconds since 1970. */
export interface OpenInterval {
  readonly opensAt: number;
  readonly closesAt: number;
}

/** A desk that is taken from then to then. */
export interface Taken {
  readonly desk: number;
  readonly startsAt: number;
  readonly endsAt: number;
}

export const bookableMs = 14 * 24 * 60 * 60_000;
/** Nobody can be asked to be ready sooner. */
export const noticeMs = 15 * 60_000;

/**
 * The slots of a service that can be booked at `now`, in order, whoever has taken them. One after the other from each
 * opening, in time as it passes: when the clocks change, no slot is lost, doubled or empty.
 */
export function slotsOf(hours: readonly OpenInterval[], appointmentMinutes: number, now: number): SlotView[] {
  const lengthMs = appointmentMinutes * 60_000;
  const slots: SlotView[] = [];
  for (const { opensAt, closesAt } of hours.toSorted((left, right) => left.opensAt - right.opensAt)) {
    // The hour that spring skips can push one opening into the next.
    let startsAt = Math.max(opensAt, slots.at(-1)?.endsAt ?? opensAt);
    for (; startsAt + lengthMs <= closesAt; startsAt += lengthMs) slots.push({ startsAt, endsAt: startsAt + lengthMs });
  }
  return slots.filter(({ startsAt }) => startsAt >= now + noticeMs && startsAt < now + bookableMs);
}

/** The desks, of 1 … `desks`, at which nothing overlaps the slot. */
export function freeDesks(slot: SlotView, taken: readonly Taken[], desks: number): number[] {
  const busy = new Set(taken.filter(({ startsAt, endsAt }) => startsAt < slot.endsAt && endsAt > slot.startsAt).map(({ desk }) => desk));
  return Array.from({ length: desks }, (_, index) => index + 1).filter((desk) => !busy.has(desk));
}
