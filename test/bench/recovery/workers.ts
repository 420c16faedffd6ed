import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { hearsAndSees } from '../../support/call-scene.ts';
import { percentile } from '../call/cpu.ts';
import { openCallFleet, type CallFleet, type FleetCall } from './call-fleet.ts';
import { largestGap, readFlow } from './flow.ts';
import { figures } from './figures.ts';

/** R40 and R41 of reliability.md: a worker of the sfu is killed, or stands still, in the middle of calls. */

const callCount = 4;
const workers = 2;
const settleMs = 3_000;

interface Round {
  /** Of each person on the worker: from the disturbance until there were pictures again. */
  readonly pictures: readonly number[];
  readonly sounds: readonly number[];
  /** Of each person on the other worker: the longest time without. */
  readonly otherPictures: readonly number[];
  readonly otherSounds: readonly number[];
  /** Until the process was gone. */
  readonly deadAfter: number;
}

export async function measureWorkers({ kills, freezes }: { kills: number; freezes: number }): Promise<void> {
  await using fleet = await openCallFleet({ callCount, workers });
  console.log(`${callCount} calls of two in Chromium on ${workers} workers of one sfu`);
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
  await fleet.begin();
  await wait(settleMs);
  const pids = await Promise.all(fleet.calls.map(fleet.workerOf));
  const [victim = 0] = pids;
  const isHit = (_: FleetCall, index: number): boolean => pids[index] === victim;
  const hit = fleet.calls.filter(isHit).flatMap(({ pages }) => pages);
  const others = fleet.calls.filter((call, index) => !isHit(call, index)).flatMap(({ pages }) => pages);
  const at = Date.now();
  process.kill(victim, signal);
  const dead = untilGone(victim, at);
  const deadAfter = await dead;
  await Promise.all(hit.map(hearsAndSees));
  await wait(settleMs);
  const back = async (page: Page, kind: 'pictures' | 'sounds'): Promise<number> => largestGap((await readFlow(page))[kind], at).to - at;
  const gap = async (page: Page, kind: 'pictures' | 'sounds'): Promise<number> => largestGap((await readFlow(page))[kind], at).ms;
  const all = async (pages: readonly Page[], of: typeof back, kind: 'pictures' | 'sounds'): Promise<number[]> =>
    await Promise.all(pages.map(async (page) => await of(page, kind)));
  const result: Round = {
    pictures: await all(hit, back, 'pictures'),
    sounds: await all(hit, back, 'sounds'),
    otherPictures: await all(others, gap, 'pictures'),
    otherSounds: await all(others, gap, 'sounds'),
    deadAfter,
  };
  await fleet.end();
  return result;
}

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
  const [pictures, sounds] = [all(({ otherPictures }) => otherPictures), all(({ otherSounds }) => otherSounds)];
  console.log(
    `     calls on the other worker, longest gap: pictures ${percentile(pictures, 1).toFixed(0)} ms, sound ${percentile(sounds, 1).toFixed(0)} ms`,
  );
}
