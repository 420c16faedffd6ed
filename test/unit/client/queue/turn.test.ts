import { beforeAll, describe, expect, test } from 'vitest';
import { fmt } from '../../../../client/i18n/fmt.ts';
import { loadAreas, setLocale } from '../../../../client/i18n/translate.ts';
import { ServerClock } from '../../../../client/net/server-clock.ts';
import { admits } from '../../../../client/queue/admission.ts';
import { ringsAnew } from '../../../../client/queue/rings-anew.ts';
import { lostTurnText, secondsLeft } from '../../../../client/queue/turn-words.ts';
import { newId } from '../../../../server/protocol/ids.ts';
import { queueEntry } from '../../../support/queue-entry.ts';

beforeAll(async () => {
  await setLocale('en');
  await loadAreas(['queue']);
});

describe('why a ticket stands where it stands', () => {
  const calledAt = Date.UTC(2026, 10, 24, 9, 5);
  const time = fmt.time(calledAt);

  test('is told of a turn that was missed, with the place', () => {
    const entry = queueEntry({ lostTurn: { calledAt, outcome: 'missed' }, missedTurns: 1, place: 2 });
    expect(lostTurnText(entry)).toBe(`You were called at ${time} and did not answer. You are second in line.`);
  });

  test('is told of an official who vanished, whose fault it is and that the place is kept', () => {
    const entry = queueEntry({ lostTurn: { calledAt, outcome: 'official-lost' }, place: 1 });
    expect(lostTurnText(entry)).toBe(
      `You were called at ${time}, but the connection was lost on our side. You keep your place. You are next.`,
    );
  });

  test('is told of a parked one, with the way back: by missing thrice, or by the team', () => {
    expect(lostTurnText(queueEntry({ state: 'parked', missedTurns: 3 }))).toMatch(/^You were called 3 times and did not answer\./);
    expect(lostTurnText(queueEntry({ state: 'parked', missedTurns: 0 }))).toMatch(/^The team has set your number aside\./);
  });

  test('is nothing to tell while it is called again, and once it is done', () => {
    const lostTurn = { calledAt, outcome: 'missed' } as const;
    for (const state of ['called', 'accepted', 'ended', 'left'] as const) expect(lostTurnText(queueEntry({ state, lostTurn }))).toBeNull();
    expect(lostTurnText(queueEntry())).toBeNull();
  });
});

describe('a call rings', () => {
  const callId = newId<'call'>();
  const ring = { callId, answerBy: 90_000, extended: false };

  test('once a call, and again when the official calls once more', () => {
    expect(ringsAnew(null, ring)).toBe(true);
    expect(ringsAnew(ring, ring)).toBe(false);
    expect(ringsAnew(ring, { ...ring, answerBy: 120_000 })).toBe(true);
    expect(ringsAnew(ring, { ...ring, callId: newId<'call'>() })).toBe(true);
  });

  test('not anew for somebody who has just asked for more time', () => {
    expect(ringsAnew(ring, { ...ring, answerBy: 180_000, extended: true })).toBe(false);
  });
});

describe('the time to answer', () => {
  test('is measured by the server’s clock, however wrong this device’s is', () => {
    let own = 5_000_000;
    const clock = new ServerClock(() => own);
    clock.heard(1_000);
    own += 300;
    // The same moment, told later: an answer that was slower says less.
    clock.heard(1_100);
    expect(clock.now()).toBe(1_300);
    expect(secondsLeft({ answerBy: 91_000 }, clock.now())).toBe(90);
    expect(secondsLeft({ answerBy: 500 }, clock.now())).toBe(0);
  });
});

test('numbers are given to open counters until the last admission', () => {
  const opening = { state: 'open', closesAt: 2_000, admitsUntil: 1_000 } as const;
  expect([admits(opening, 1_000), admits(opening, 1_001), admits({ state: 'closed', opensAt: null }, 0)]).toEqual([true, false, false]);
});
