import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { type CallFleet, type FleetCall, flows, openCallFleet } from './call-fleet.ts';
import { figures } from './figures.ts';
import { type Flow, type Gap, largestGap, readFlow } from './flow.ts';
import { workerOf } from './steady-flow.ts';

/** R40 and R41 of reliability.md: a worker of the sfu is killed, or stands still, in the middle of calls. */

const callCount = 2;
const workers = 2;
const settleMs = 3_000;

interface Round {
  /** Of each person on the worker: from the disturbance until there were pictures again. */
  readonly pictures: readonly number[];
  readonly sounds: readonly number[];
  /** Of each room on the other worker: the longest time without a packet, and as long before the disturbance. */
  readonly others: readonly number[];
  readonly othersBefore: readonly number[];
  /** Until the process was gone. */
  readonly deadAfter: number;
}

export async function measureWorkers({ kills, freezes }: { kills: number; freezes: number }): Promise<void> {
  await using fleet = await openCallFleet({ callCount, workers });
  console.log(`${callCount} calls of two in Chromium, and ${callCount} rooms without browsers, on ${workers} workers of one sfu`);
  report('R40: worker killed', await repeat(fleet, 'SIGKILL', kills));
  console.log('     goal: pictures p95 ≤ 3,000 ms, at most 5,000 ms; others: no gap > 300 ms');
  const frozen = await repeat(fleet, 'SIGSTOP', freezes);
  report('R41: worker frozen', frozen);
  console.log(
    `     the watchdog killed it after ${figures(frozen.map(({ deadAfter }) => deadAfter))}; goal: ≤ 4,000 ms, pictures ≤ 7,000 ms`,
  );
}

async function repeat(fleet: CallFleet, signal: 'SIGKILL' | 'SIGSTOP', count: number): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < count; round += 1) rounds.push(await disturb(fleet, signal));
  return rounds;
}

async function disturb(fleet: CallFleet, signal: 'SIGKILL' | 'SIGSTOP'): Promise<Round> {
  const steady = await fleet.begin();
  await wait(settleMs);
  const pids = await Promise.all(fleet.calls.map(async ({ bridge }) => await workerOf(fleet.client, bridge.callId)));
  const [victim = 0] = pids;
  const hit = fleet.calls.filter((_, index) => pids[index] === victim);
  const others = steady.filter(({ workerPid }) => workerPid !== victim);
  if (others.length === 0) throw new Error('nobody is on the other worker');
  const at = Date.now();
  process.kill(victim, signal);
  const deadAfter = await untilGone(victim, at);
  await Promise.all(hit.map(flows));
  await wait(settleMs);
  const until = Date.now();
  const gaps = async (pages: readonly Page[], kind: keyof Flow): Promise<readonly Gap[]> =>
    await Promise.all(pages.map(async (page) => largestGap((await readFlow(page))[kind], at)));
  const result: Round = {
    pictures: (await gaps(seeing(hit), 'pictures')).map(({ to }) => to - at),
    sounds: (await gaps(hearing(hit), 'sounds')).map(({ to }) => to - at),
    others: others.map(({ arrivals }) => largestGap(arrivals, at, until).ms),
    othersBefore: others.map(({ arrivals }) => largestGap(arrivals, at - settleMs, at).ms),
    deadAfter,
  };
  await fleet.end();
  return result;
}

const seeing = (calls: readonly FleetCall[]): readonly Page[] => calls.map(({ citizen }) => citizen);
const hearing = (calls: readonly FleetCall[]): readonly Page[] => calls.flatMap(({ citizen, official }) => [citizen, official]);

async function untilGone(pid: number, since: number): Promise<number> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return Date.now() - since;
    }
    await wait(5);
  }
}

function report(what: string, rounds: readonly Round[]): void {
  const all = (pick: (round: Round) => readonly number[]): number[] => rounds.flatMap(pick);
  console.log(`${what}, ${rounds.length} times`);
  console.log(`     pictures again: ${figures(all(({ pictures }) => pictures))}`);
  console.log(`     sound again:    ${figures(all(({ sounds }) => sounds))}`);
  console.log(`     rooms on the other worker, longest gap: ${figures(all(({ others }) => others))}`);
  console.log(`     the same in the ${settleMs} ms before:        ${figures(all(({ othersBefore }) => othersBefore))}`);
}
