import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../../sfu/config.ts';

const secret = 'k7Q-canary-Zr2w9XyT4mUa6BvNc1Ld8Fe3';

function problemsOf(env: NodeJS.ProcessEnv): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
  }
  return '';
}

describe('the configuration of the sfu', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'schalter-config-'));
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  function secretFile(text: string, mode = 0o600): string {
    const path = join(directory, `secret-${mode}-${text.length}`);
    writeFileSync(path, text, { mode });
    return path;
  }

  test('with a secret alone it is one machine for itself', () => {
    const config = loadConfig({ SFU_SECRET_FILE: secretFile(`${secret}\n`), PATH: '/bin', SFU_URL: 'ws://127.0.0.1:3100' });
    expect(config).toMatchObject({
      control: { host: '127.0.0.1', port: 3100, secret },
      rtc: { listenAddress: '127.0.0.1', announcedAddress: undefined },
      drainMs: 15 * 60_000,
    });
  });

  test('with a public address it listens on all', () => {
    const { rtc } = loadConfig({ SFU_SECRET_FILE: secretFile(secret), SFU_ANNOUNCED_ADDRESS: '192.0.2.7' });
    expect(rtc).toMatchObject({ listenAddress: '0.0.0.0', announcedAddress: '192.0.2.7' });
  });

  test('all problems are told at once, each with its name and none with its value', () => {
    const problems = problemsOf({ SFU_CONTROL_PORT: '99999', SFU_ANNOUNCED_ADDRESS: 'canary.example', SFU_WORKERS: '', SFU_WROKERS: '2' });
    for (const name of ['SFU_SECRET_FILE', 'SFU_CONTROL_PORT', 'SFU_ANNOUNCED_ADDRESS', 'SFU_WORKERS is empty', 'SFU_WROKERS is unknown'])
      expect(problems).toContain(name);
    expect(problems).not.toContain('canary');
    expect(problems).not.toContain('99999');
  });

  test.each([
    ['short', () => secretFile('canary-short')],
    ['not random', () => secretFile('canary'.repeat(8))],
    ['open to every user', () => secretFile(secret, 0o644)],
    ['missing', () => join(directory, 'canary-missing')],
  ])('a secret that is %s is refused', (_what, path) => {
    const problems = problemsOf({ SFU_SECRET_FILE: path() });
    expect(problems).toContain('SFU_SECRET_FILE');
    expect(problems).not.toContain('canary');
  });
});
