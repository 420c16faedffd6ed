/** One set of vectors. It runs wherever it is imported: in Node and in a page. */
export interface Suite {
  readonly name: string;
  readonly checks: readonly (() => void | Promise<void>)[];
}

export interface Outcome {
  readonly name: string;
  readonly total: number;
  readonly passed: number;
  /** What went wrong, if anything did. */
  readonly failures: readonly string[];
}

export async function run(suites: readonly Suite[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, checks } of suites) {
    const failures: string[] = [];
    for (const [index, check] of checks.entries()) {
      try {
        await check();
      } catch (error) {
        failures.push(`${index}: ${String(error)}`);
      }
    }
    outcomes.push({ name, total: checks.length, passed: checks.length - failures.length, failures });
  }
  return outcomes;
}

/** Throws unless both are the same when written down; bytes are written as hexadecimal digits. */
export function same(actual: unknown, expected: unknown): void {
  const [left, right] = [written(actual), written(expected)];
  if (left !== right) throw new Error(`${left.slice(0, 200)} instead of ${right.slice(0, 200)}`);
}

function written(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (item instanceof Uint8Array ? toHex(item) : item)) ?? 'undefined';
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** 00 01 02 … */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index);
}
