import { describe, expect, test } from 'vitest';
import { refresher } from '../../../client/net/refresher.ts';

/** Runs that end by hand, in the order in which they began. */
function byHand() {
  const runs: PromiseWithResolvers<void>[] = [];
  const refresh = refresher(async () => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    await run.promise;
  });
  return { runs, refresh };
}

describe('what is brought up to date', () => {
  test('runs once at a time, and once more for all who ask meanwhile', async () => {
    const { runs, refresh } = byHand();
    const first = refresh();
    const later = [refresh(), refresh()];
    expect(runs).toHaveLength(1);
    runs[0]?.resolve();
    await expect.poll(() => runs.length).toBe(2);
    runs[1]?.resolve();
    await Promise.all([first, ...later]);
    expect(runs).toHaveLength(2);
  });

  test('runs for who asked while a run failed, and fails with the last one alone', async () => {
    const { runs, refresh } = byHand();
    const all = Promise.all([refresh(), refresh()]);
    runs[0]?.reject(new Error('refused'));
    await expect.poll(() => runs.length).toBe(2);
    runs[1]?.resolve();
    await all;

    const failing = refresh();
    runs[2]?.reject(new Error('refused again'));
    await expect(failing).rejects.toThrow('refused again');
    const next = refresh();
    runs[3]?.resolve();
    await next;
  });
});
