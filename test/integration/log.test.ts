import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../server/platform/database.ts';
import { createLog } from '../../server/platform/log.ts';
import { createTestDatabase } from '../support/database.ts';

test('an error of a database is logged with its code, and without the row or the command it quotes', async () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  const { url, drop } = await createTestDatabase();
  const database = openDatabase({ url, log });
  onTestFinished(async () => {
    await database.destroy();
    await drop();
  });
  const refused: unknown = await sql`insert into accounts (account_id, role, display_name) values ('a', 'citizen', 'Nora Weber')`
    .execute(database)
    .catch((error: unknown) => error);
  expect(refused).toHaveProperty('detail', expect.stringContaining('Nora Weber'));
  log.warn({ err: refused }, 'recurring work failed');
  log.warn({ err: Object.assign(new Error('NOPERM'), { command: { name: 'publish', args: ['Nora Weber'] } }) }, 'hints lost');
  expect(lines.join('')).toContain('"code":"23514"');
  expect(lines.join('')).not.toContain('Nora Weber');
});
