import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { openClock } from '../../server/platform/clock.ts';
import { openDatabase } from '../../server/platform/database.ts';
import { createTestDatabase } from '../support/database.ts';

const minuteMs = 60_000;

test.each([10, -10])('a node whose clock is %i minutes ahead goes by the database, one that is right by its own', async (minutes) => {
  const log = pino({ level: 'silent' });
  const { url, drop } = await createTestDatabase();
  const database = openDatabase({ url, log });
  const wrong = await openClock({ database, log, ownNow: () => Date.now() + minutes * minuteMs });
  const right = await openClock({ database, log, ownNow: () => 5 * Math.floor(Date.now() / 5) });
  onTestFinished(async () => {
    await wrong.close();
    await right.close();
    await database.destroy();
    await drop();
  });
  expect(Math.abs(wrong.now() - Date.now())).toBeLessThan(minuteMs);
  expect(right.now() % 5).toBe(0);
});
