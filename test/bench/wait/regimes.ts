import { newId, type ServiceId } from '../../../server/protocol/ids.ts';
import { exponential } from '../../../server/queue/seeded-random.ts';
import type { Regime, SimulatedService } from './line-simulation.ts';
import { variate } from './variates.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
export const meanMs = 10 * minuteMs;

/** A line whose arrivals and staff stay as they are. `leaveRate` in services: 0.5 = people wait two service times on average. */
export function steady(
  officials: number,
  load: number,
  {
    leaveRate = 0,
    serviceVariation = 1,
    arrivalVariation = 1,
  }: { leaveRate?: number; serviceVariation?: number; arrivalVariation?: number } = {},
): Regime {
  const between = variate(meanMs / (load * officials), arrivalVariation);
  return {
    name: `${officials} officials, load ${load.toFixed(2)}, patience ${leaveRate === 0 ? 'endless' : 1 / leaveRate}, variation ${serviceVariation}${arrivalVariation === 1 ? '' : `, of arrivals ${arrivalVariation}`}`,
    services: [service(1, meanMs, serviceVariation)],
    nextArrival: (now, random) => now + between(random),
    skills: alike(officials, []),
    staff: () => ({ count: officials, until: Number.POSITIVE_INFINITY }),
    leaveRate: leaveRate / meanMs,
    prioritised: 0,
    appointmentEveryMs: null,
    showRate: 1,
  };
}

/** Eight hours, again and again: a rush in the morning and after lunch; officials come one after another and go to lunch. */
export function changingDay(): Regime {
  const [shareOfRush, staffByHour] = [
    [0.9, 1.5, 1.2, 0.7, 0.6, 1.3, 1, 0.6],
    [5, 8, 8, 7, 4, 8, 8, 6],
  ];
  const dayMs = shareOfRush.length * hourMs;
  const hourOf = (now: number): number => Math.floor((now % dayMs) / hourMs);
  return {
    ...steady(8, 1, { leaveRate: 0.2, serviceVariation: 0.8 }),
    name: 'morning and afternoon rush, 4 to 8 officials, variation 0.8',
    nextArrival(now, random) {
      // By thinning: the highest rate, and of those who come this way only the share of the hour.
      for (let at = now; ;) {
        at += exponential(random, meanMs / (6.5 * 1.5));
        if (random() < (shareOfRush[hourOf(at)] ?? 0) / 1.5) return at;
      }
    },
    staff: (now) => ({ count: staffByHour[hourOf(now)] ?? 1, until: (Math.floor(now / hourMs) + 1) * hourMs }),
  };
}

/** Ten who take everybody, every fourth visitor by appointment, one in thirty put first. */
export function withAppointments(): Regime {
  return {
    ...steady(10, 0.68, { leaveRate: 0.1, serviceVariation: 0.8 }),
    name: 'with appointments (a quarter, nine of ten come) and 3 % prioritised',
    prioritised: 0.03,
    appointmentEveryMs: meanMs / 2.5,
    showRate: 0.9,
  };
}

/** Two services of different length; four take one, three the other, three both. */
export function withSkills(): Regime {
  const [short, long] = [service(0.6, 0.6 * meanMs, 0.8), service(0.4, 1.6 * meanMs, 0.8)];
  return {
    ...steady(10, 0.93),
    name: 'two services (6 and 16 minutes); 4 officials serve one, 3 the other, 3 both',
    services: [short, long],
    skills: [...alike(4, [short.serviceId]), ...alike(3, [long.serviceId]), ...alike(3, [])],
  };
}

function alike(count: number, serves: readonly ServiceId[]): readonly (readonly ServiceId[])[] {
  return Array.from({ length: count }, () => serves);
}

function service(share: number, mean: number, variation: number): SimulatedService {
  return { serviceId: newId<'service'>(), share, meanMs: mean, draw: variate(mean, variation) };
}
