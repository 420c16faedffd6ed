import { type Database, readDatabaseClock } from './database.ts';
import { every } from './every.ts';
import type { Log } from './log.ts';

export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly close: () => Promise<void>;
}

export interface ClockDependencies {
  readonly database: Database;
  readonly log: Log;
  /** This machine's. */
  readonly ownNow?: () => number;
}

const compareMs = 10_000;
/** The database's answer takes a moment: a clock that is as right as this is left alone, so that it never jumps about. */
const toleranceMs = 1_000;

/**
 * This machine's clock, put right by the database's, so that all nodes go by one. A node whose own clock is minutes ahead
 * would take those who are connected to another node for long gone, and out of the line (reliability.md R16).
 */
export async function openClock({ database, log, ownNow = Date.now }: ClockDependencies): Promise<Clock> {
  let aheadMs = 0;
  const compare = async (): Promise<void> => {
    const asked = ownNow();
    const at = await readDatabaseClock(database);
    const answered = ownNow();
    const measuredMs = at - (asked + answered) / 2;
    // An answer that was long on its way says little.
    if (answered - asked > toleranceMs || Math.abs(measuredMs - aheadMs) <= toleranceMs) return;
    aheadMs = Math.round(measuredMs);
    log.warn({ aheadMs }, "the database's clock is another one than this machine's");
  };
  await compare();
  const comparing = every(compareMs, 'comparing clocks', compare, log);
  return { now: () => ownNow() + aheadMs, close: async () => await comparing.close() };
}
