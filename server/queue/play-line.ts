import type { ServiceId } from '../protocol/ids.ts';
import { exponential, seededRandom } from './seeded-random.ts';
import { drawRest, drawScale, drawService, restOf, type ServiceTimes } from './service-times.ts';

/** One who is to be served, or might come. Times are milliseconds from now. */
export interface Candidate {
  /** Null: whatever they come for, any official takes them. */
  readonly serviceId: ServiceId | null;
  /** Before all walk-ins from this moment on; infinite for walk-ins. Whoever is here and not yet due comes after them. */
  readonly urgentFromMs: number;
  readonly isHere: boolean;
  /** How likely somebody who is not here will come. */
  readonly showRate: number;
  /** Gives up at the same rate as the others who wait. */
  readonly mayLeave: boolean;
  /** Takes nobody's time: stands for somebody who might join now. */
  readonly isGhost: boolean;
  /** Whether his wait is asked for. */
  readonly isAsked: boolean;
}

export interface PlayedLine {
  /** Urgent ones by when they are due, then walk-ins in their order. */
  readonly candidates: readonly Candidate[];
  /** Per official: whom he is with, null when he is free, and the candidates he may serve. */
  readonly officials: readonly {
    readonly busy: { readonly serviceId: ServiceId; readonly elapsedMs: number } | null;
    readonly serves: (candidate: Candidate) => boolean;
  }[];
  readonly times: ServiceTimes;
  /** How many of those who wait give up in a millisecond, each. */
  readonly leaveRate: number;
  /** How many come in a millisecond who are served before all who wait. */
  readonly urgentRate: number;
}

/** A turn that has not come by then does not come in this course. */
const horizonMs = 24 * 60 * 60_000;

/**
 * Plays the line forward as it may go, `runs` times, and returns for each candidate how long he waited in each course (NaN: not served,
 * or not asked). Officials who become free take the first whom they serve: who is due before walk-ins, walk-ins in their order, then
 * who is not due yet. Service times are drawn from what was seen, rests of running services given how long they have lasted.
 * Who gives up in a course is still told when it would have been his turn. The same line gives the same answer.
 */
export function playLine(line: PlayedLine, runs: number): readonly Float64Array[] {
  const { candidates, officials, times } = line;
  const count = candidates.length;
  const waits = candidates.map(() => new Float64Array(runs).fill(Number.NaN));
  const serves = officials.map((official) => Uint8Array.from(candidates, (candidate) => (official.serves(candidate) ? 1 : 0)));
  const pools = candidates.map(({ serviceId }) => times.of(serviceId));
  const anything = times.of(null);
  const urgentFrom = Float64Array.from(candidates, ({ urgentFromMs }) => urgentFromMs);
  const firstWalkIn = urgentFrom.indexOf(Number.POSITIVE_INFINITY);
  const urgentEnd = firstWalkIn === -1 ? count : firstWalkIn;
  const ghost = Uint8Array.from(candidates, ({ isGhost }) => (isGhost ? 1 : 0));
  const asked = Uint8Array.from(candidates, ({ isAsked }, index) => (isAsked && serves.some((served) => served[index] === 1) ? 1 : 0));
  const askedCount = asked.reduce((sum, one) => sum + one, 0);
  const done = new Uint8Array(count);
  const leavesAt = new Float64Array(count);
  const freeAt = new Float64Array(officials.length);
  const isHere = Uint8Array.from(candidates, (candidate) => (candidate.isHere ? 1 : 0));
  const rests = officials.map(({ busy }) => busy && restOf(times.of(busy.serviceId), busy.elapsedMs));
  let run = 0;
  /** Of those who are asked for, how many have not had their turn in this course. */
  const open = { asked: 0 };

  const settle = (index: number, at: number): void => {
    done[index] = 1;
    if (asked[index] !== 1) return;
    const wait = waits[index];
    if (wait) wait[run] = at;
    open.asked -= 1;
  };
  /** The first between two places whom the official serves; those who have left meanwhile, and ghosts, are settled in passing. */
  const pick = (served: Uint8Array, from: number, to: number, at: number): number => {
    for (let index = from; index < to; index += 1) {
      if (done[index] === 1 || served[index] !== 1) continue;
      if (ghost[index] !== 1 && (leavesAt[index] ?? 0) >= at) return index;
      settle(index, at);
    }
    return -1;
  };

  for (; run < runs; run += 1) {
    // One source for each kind of chance: one more in the line changes nothing for those before him.
    const services = seededRandom(3 * run);
    const patience = seededRandom(3 * run + 1);
    const arrivals = seededRandom(3 * run + 2);
    const scale = drawScale(anything, normal(arrivals));
    let urgentHead = 0;
    let walkInHead = urgentEnd;
    open.asked = askedCount;
    let nextUrgent = line.urgentRate > 0 ? exponential(arrivals, 1 / line.urgentRate) : Number.POSITIVE_INFINITY;
    for (let index = 0; index < count; index += 1) {
      const candidate = candidates[index];
      done[index] = candidate && (candidate.isHere || arrivals() < candidate.showRate) ? 0 : 1;
      leavesAt[index] = candidate?.mayLeave && line.leaveRate > 0 ? exponential(patience, 1 / line.leaveRate) : Number.POSITIVE_INFINITY;
    }
    for (let index = 0; index < rests.length; index += 1) {
      const rest = rests[index];
      freeAt[index] = rest ? drawRest(rest, services) * scale : 0;
    }
    while (open.asked > 0) {
      const official = earliest(freeAt);
      const at = freeAt[official] ?? Number.POSITIVE_INFINITY;
      const served = serves[official];
      if (at > horizonMs || !served) break;
      while (urgentHead < urgentEnd && done[urgentHead] === 1) urgentHead += 1;
      while (walkInHead < count && done[walkInHead] === 1) walkInHead += 1;
      let due = urgentHead;
      while (due < urgentEnd && (urgentFrom[due] ?? 0) <= at) due += 1;
      let next = pick(served, urgentHead, due, at);
      if (nextUrgent <= at && (next === -1 || nextUrgent < (urgentFrom[next] ?? 0))) {
        nextUrgent += exponential(arrivals, 1 / line.urgentRate);
        freeAt[official] = at + drawService(anything, services) * scale;
        continue;
      }
      if (next === -1) next = pick(served, walkInHead, count, at);
      if (next === -1) {
        // Nobody but those who are not due yet: who is here is taken all the same, for who is not the official waits.
        let early = due;
        while (early < urgentEnd && (done[early] === 1 || served[early] !== 1)) early += 1;
        let here = early;
        while (here < urgentEnd && (done[here] === 1 || served[here] !== 1 || isHere[here] !== 1)) here += 1;
        if (here === urgentEnd) {
          freeAt[official] = Math.min(nextUrgent, early === urgentEnd ? Number.POSITIVE_INFINITY : (urgentFrom[early] ?? 0));
          continue;
        }
        next = here;
      }
      settle(next, at);
      freeAt[official] = at + drawService(pools[next] ?? anything, services) * scale;
    }
  }
  return waits;
}

function earliest(freeAt: Float64Array): number {
  let first = 0;
  let time = freeAt[0] ?? 0;
  for (let index = 1; index < freeAt.length; index += 1) {
    const other = freeAt[index] ?? 0;
    if (other >= time) continue;
    first = index;
    time = other;
  }
  return first;
}

/** A normally distributed number (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
