import { exponential, seededRandom } from '../../../server/queue/seeded-random.ts';
import type { ServiceId } from '../../../server/protocol/ids.ts';
import type { Variate } from './variates.ts';

export interface SimulatedService {
  readonly serviceId: ServiceId;
  /** Of all who come. */
  readonly share: number;
  readonly meanMs: number;
  readonly draw: Variate;
}

export interface Regime {
  readonly name: string;
  readonly services: readonly SimulatedService[];
  /** When the next one comes who has no appointment. */
  readonly nextArrival: (now: number, random: () => number) => number;
  /** What each official serves, in the order in which they come to work; empty: everything. */
  readonly skills: readonly (readonly ServiceId[])[];
  /** How many of them are there, and until when that stays so. */
  readonly staff: (now: number) => { readonly count: number; readonly until: number };
  /** Each who waits gives up so many times a millisecond. */
  readonly leaveRate: number;
  /** Of those without an appointment, this share is put first when they come. */
  readonly prioritised: number;
  /** An appointment begins every so many milliseconds; null: there are none. */
  readonly appointmentEveryMs: number | null;
  readonly showRate: number;
}

/** Somebody in the simulated line. */
export interface Visitor {
  readonly serviceId: ServiceId;
  readonly joinedAt: number;
  readonly leavesAt: number;
  readonly startsAt: number | null;
  readonly isPrioritised: boolean;
  readonly durationMs: number;
  /** What was predicted when he came, one number for each predictor. */
  forecast: unknown;
}

export interface Desk {
  readonly serves: readonly ServiceId[];
  visitor: Visitor | null;
  since: number;
  until: number;
}

export interface LineMoment {
  readonly at: number;
  /** Who waits and has not given up, in the order of the line. */
  readonly waiting: readonly Visitor[];
  /** Those who are there. */
  readonly desks: readonly Desk[];
  readonly staffChangedAt: number;
  /** Appointments that have not been checked in, nor begun. */
  readonly expected: readonly { readonly serviceId: ServiceId; readonly startsAt: number }[];
}

export interface Observer {
  /** Somebody without an appointment comes and must wait. What it returns is given back with his turn. */
  onWait(moment: LineMoment, visitor: Visitor): unknown;
  onJoin(visitor: Visitor, waits: boolean): void;
  /** His turn; `hasLeft`: he has given up, and it would have been his turn now. */
  onTurn(visitor: Visitor, at: number, hasLeft: boolean): void;
  onServed(visitor: Visitor, durationMs: number): void;
}

const checkInMs = 15 * 60_000;
const expectedMs = 4 * 60 * 60_000;

/** A line like ours, event after event, written independently of the predictor. Reproducible: the same seed gives the same day. */
export function simulateLine(regime: Regime, { arrivals, seed, observer }: { arrivals: number; seed: number; observer: Observer }): void {
  const random = seededRandom(seed);
  const desks: Desk[] = regime.skills.map((serves) => ({ serves, visitor: null, since: 0, until: Number.POSITIVE_INFINITY }));
  const coming: { serviceId: ServiceId; startsAt: number; comesAt: number }[] = [];
  let waiting: Visitor[] = [];
  let staff = regime.staff(0);
  let staffChangedAt = Number.NEGATIVE_INFINITY;
  let now = 0;
  let nextWalkIn = regime.nextArrival(0, random);
  let nextSlot = regime.appointmentEveryMs ?? Number.POSITIVE_INFINITY;

  const pickService = (): SimulatedService => {
    let rest = random();
    for (const service of regime.services) if ((rest -= service.share) < 0) return service;
    return regime.services.at(-1)!;
  };
  const classOf = ({ startsAt, isPrioritised }: Visitor): number =>
    isPrioritised || (startsAt !== null && startsAt <= now) ? 0 : startsAt === null ? 1 : 2;
  const dueOf = ({ startsAt, joinedAt }: Visitor): number => startsAt ?? joinedAt;
  const order = (one: Visitor, other: Visitor): number =>
    classOf(one) - classOf(other) || dueOf(one) - dueOf(other) || one.joinedAt - other.joinedAt;
  const isThere = (index: number): boolean => index < staff.count;
  const mayServe = ({ serves }: Desk, { serviceId }: { serviceId: ServiceId }): boolean =>
    serves.length === 0 || serves.includes(serviceId);

  const begin = (desk: Desk, visitor: Visitor): void => {
    observer.onTurn(visitor, now, false);
    Object.assign(desk, { visitor, since: now, until: now + visitor.durationMs });
  };
  /** The first whom the desk serves; those before him who have given up have had their turn, too. */
  const takeNext = (desk: Desk): void => {
    for (;;) {
      let first: Visitor | null = null;
      for (const visitor of waiting) if (mayServe(desk, visitor) && (first === null || order(visitor, first) < 0)) first = visitor;
      if (first === null) return;
      const taken = first;
      waiting = waiting.filter((visitor) => visitor !== taken);
      if (taken.leavesAt >= now) return begin(desk, taken);
      observer.onTurn(taken, now, true);
    }
  };
  const join = (visitor: Visitor): void => {
    const free = desks.find((desk, index) => isThere(index) && desk.visitor === null && mayServe(desk, visitor));
    const mustWait = free === undefined;
    observer.onJoin(visitor, mustWait);
    if (free) return begin(free, visitor);
    if (visitor.startsAt === null && !visitor.isPrioritised) {
      const moment: LineMoment = {
        at: now,
        waiting: waiting.filter(({ leavesAt }) => leavesAt >= now).sort(order),
        desks: desks.filter((_desk, index) => isThere(index)),
        staffChangedAt,
        expected: coming.filter(({ startsAt }) => startsAt > now && startsAt < now + expectedMs),
      };
      visitor.forecast = observer.onWait(moment, visitor);
    }
    waiting.push(visitor);
  };
  const visitorOf = (service: SimulatedService, startsAt: number | null): Visitor => ({
    serviceId: service.serviceId,
    joinedAt: now,
    startsAt,
    leavesAt: startsAt === null && regime.leaveRate > 0 ? now + exponential(random, 1 / regime.leaveRate) : Number.POSITIVE_INFINITY,
    isPrioritised: startsAt === null && random() < regime.prioritised,
    durationMs: service.draw(random),
    forecast: null,
  });

  for (let joined = 0; joined < arrivals;) {
    const desk = desks.reduce((first, other) => (other.until < first.until ? other : first));
    const nextCheckIn = coming.reduce((first, { comesAt }) => Math.min(first, comesAt), Number.POSITIVE_INFINITY);
    const next = Math.min(nextWalkIn, nextSlot, nextCheckIn, desk.until, staff.until);
    now = next;
    if (next === desk.until) {
      if (desk.visitor) observer.onServed(desk.visitor, now - desk.since);
      Object.assign(desk, { visitor: null, until: Number.POSITIVE_INFINITY });
      if (isThere(desks.indexOf(desk))) takeNext(desk);
    } else if (next === staff.until) {
      const before = staff.count;
      staff = regime.staff(now);
      if (staff.count !== before) staffChangedAt = now;
      desks.forEach((each, index) => isThere(index) && each.visitor === null && takeNext(each));
    } else if (next === nextCheckIn) {
      const index = coming.findIndex(({ comesAt }) => comesAt === next);
      const [appointment] = coming.splice(index, 1);
      const service = regime.services.find(({ serviceId }) => serviceId === appointment?.serviceId);
      if (appointment && service && random() < regime.showRate) join(visitorOf(service, appointment.startsAt));
    } else if (next === nextSlot) {
      // Booked some hours ahead, checked in up to a quarter of an hour before.
      const startsAt = now + expectedMs;
      coming.push({ serviceId: pickService().serviceId, startsAt, comesAt: startsAt - random() * checkInMs });
      nextSlot += regime.appointmentEveryMs ?? 0;
    } else {
      joined += 1;
      nextWalkIn = regime.nextArrival(now, random);
      join(visitorOf(pickService(), null));
    }
  }
}
