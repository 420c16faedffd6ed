import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { AgreeingCall, caller, type Caller } from '../../support/agreeing-call.ts';

await cryptoReady;

/** Six people, two of them guests. */
function town(): readonly Caller[] {
  const [citizen, official] = [caller('citizen', 'citizen'), caller('official')];
  const guests = [caller('relative', 'relative', citizen), caller('interpreter', 'interpreter', official)];
  return [citizen, official, ...guests, caller('colleague', 'colleague'), caller('second', 'colleague')];
}

const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('join'), who: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave'), who: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), quarters: fc.integer({ min: 0, max: 24 }) }) },
);

/** A line that loses, doubles and reorders, by a generator with a seed of its own (mulberry32). */
function spoil(call: AgreeingCall, seed: number, loss: number): void {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  call.relay = (delivery) => (random() < loss ? [] : random() < 0.2 ? [delivery, delivery] : [delivery]);
  call.take = (line) => line.splice(Math.floor(random() * line.length), 1)[0];
}

/** Whoever was left out comes again, as a page does. */
async function rejoin(call: AgreeingCall): Promise<void> {
  for (const { caller: who } of call.pages.filter(({ state }) => state.isExcluded)) await call.join(who);
}

test('whatever is lost, doubled and reordered, whoever comes, goes and reloads: when the line is whole again all agree, on the same number and keys', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 2, maxLength: 8 }),
      fc.integer(),
      fc.double({ min: 0, max: 0.6, noNaN: true }),
      async (acts, seed, loss) => {
        const call = new AgreeingCall();
        const people = town();
        const gone = [];
        spoil(call, seed, loss);
        const [citizen, official] = people;
        for (const who of [citizen, official]) if (who) await call.join(who);
        for (const next of acts) {
          const who = 'who' in next ? people[next.who] : undefined;
          if (who?.inviter && !call.pages.some((page) => page.caller === who.inviter)) continue;
          if (who && next.kind === 'leave' && call.pages.length > 2) {
            gone.push(...call.pages.filter((page) => page.caller === who));
            await call.leave(who);
          } else if (who) {
            gone.push(...call.pages.filter((page) => page.caller === who));
            await call.join(who);
          } else if ('quarters' in next) {
            await call.pass(next.quarters * 250);
            await rejoin(call);
          }
        }
        spoil(call, seed, 0);
        // A guest whose inviter went before he had said who the others are knows nobody.
        for (const guest of call.pages.map((page) => page.caller))
          if (guest.inviter && !call.pages.some((page) => page.caller === guest.inviter)) await call.join(guest.inviter);
        for (let seconds = 0; seconds < 40; seconds += 10) {
          await call.pass(10_000);
          await rejoin(call);
        }
        await call.pass(3_000);
        const checks = new Set(call.pages.map(({ state }) => JSON.stringify(state.check)));
        expect([call.pages.map(({ state }) => [state.phase, state.waitingFor, state.alarms]), checks.size]).toEqual([
          call.pages.map(() => ['agreed', [], []]),
          1,
        ]);
        expect(Object.values(await call.seen()).filter((what) => what !== 'opened')).toEqual([]);
        const frames = await Promise.all(call.pages.map(async (page) => ({ page, frame: await page.film() })));
        for (const page of gone.filter((one) => !call.pages.includes(one)))
          for (const { page: from, frame } of frames) expect(await page.sees(from, frame)).not.toBe('opened');
      },
    ),
    { numRuns: 15 },
  );
}, 120_000);
