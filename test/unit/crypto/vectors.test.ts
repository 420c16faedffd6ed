import { afterAll, expect, test } from 'vitest';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { frozen } from '../../vectors/frozen.ts';
import { published } from '../../vectors/published.ts';
import { type Outcome, run } from '../../vectors/suite.ts';

await cryptoReady;

const outcomes: Outcome[] = [];

/** The same list runs in Chromium: test/browser/vectors.test.ts. */
test.each([...published, ...frozen])('vectors: $name', async (suite) => {
  const [outcome] = await run([suite]);
  expect(outcome).toEqual({ name: suite.name, total: suite.checks.length, passed: suite.checks.length, failures: [] });
  if (outcome) outcomes.push(outcome);
});

afterAll(() => {
  console.log(outcomes.map(({ name, passed, total }) => `vectors: ${name} ${passed}/${total} node`).join('\n'));
});
