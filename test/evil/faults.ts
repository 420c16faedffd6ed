import { callFaults } from './call-faults.ts';
import type { Fault } from './fault.ts';
import { keyFaults } from './key-faults.ts';
import { otherFaults } from './other-faults.ts';

/** For each defence the fault that its test is there to find. */
export const faults: readonly Fault[] = [...keyFaults, ...otherFaults, ...callFaults].map(([id, test, change]) => ({
  id,
  test,
  ...change,
}));
