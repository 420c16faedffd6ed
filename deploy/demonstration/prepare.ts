import { sql } from 'kysely';
import { createLog } from '../../server/platform/log.ts';
import { openDatabase } from '../../server/platform/database.ts';
import { demonstrationOffices } from './offices.ts';
import { Owner } from './owner.ts';
import { seedDemonstration } from './seed.ts';

/**
 * Fills an installation that has no office yet. One that has offices and was not made as a demonstration is left alone.
 * The server has migrated the database and is running.
 */
export async function seedWhenEmpty({ databaseUrl, keysFile }: { readonly databaseUrl: string; readonly keysFile: string }): Promise<void> {
  const database = openDatabase({ url: databaseUrl, log: createLog('silent'), maxConnections: 2 });
  try {
    const { rows } = await sql<{ count: string }>`select count(*) as count from offices`.execute(database);
    if (rows[0]?.count === '0') await seedDemonstration({ database, keysFile });
  } finally {
    await database.destroy();
  }
}

/** A fresh one-time link for each person of the demonstration's staff, as lines to print. */
export async function issueLinks({ origin, keysFile }: { readonly origin: string; readonly keysFile: string }): Promise<string[]> {
  const owner = await Owner.connect({ origin, keysFile });
  try {
    const lines: string[] = [];
    for (const { officeId, name, staff } of demonstrationOffices) {
      lines.push('', name.en);
      for (const { role, displayName } of staff)
        lines.push(`  ${`${role}, ${displayName}`.padEnd(28)} ${await owner.invite({ officeId, role, displayName })}`);
    }
    return lines;
  } finally {
    owner.close();
  }
}
