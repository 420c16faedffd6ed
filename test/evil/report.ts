import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** One test, as the table needs it. */
export interface Reported {
  readonly project: string;
  readonly file: string;
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
  readonly codes: readonly string[];
  readonly reads: readonly string[];
  readonly errors: readonly string[];
}

/** Writes what was found to the file that EVIL_REPORT names, as JSON. A file that could not be loaded is a failed test. */
export default class EvilReport implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const reported = modules.flatMap((module): Reported[] => {
      const place = { project: module.project.name, file: module.relativeModuleId };
      const tests = [...module.children.allTests()].map((test): Reported => {
        const { state, errors = [] } = test.result();
        const { codes = [], reads = [] } = test.meta().evil ?? {};
        return { ...place, name: test.fullName, state, codes, reads, errors: errors.map(({ message }) => message) };
      });
      const unloaded = module.errors().map(({ message }) => message);
      const broken: Reported[] = [{ ...place, name: '', state: 'failed', codes: [], reads: [], errors: unloaded }];
      return [...tests, ...(unloaded.length > 0 ? broken : [])];
    });
    const file = process.env['EVIL_REPORT'];
    if (file) writeFileSync(file, JSON.stringify(reported));
  }
}
