import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { Pool } from 'pg';

const migrationsDirectory = new URL('./migrations/', import.meta.url);

/**
 * Brings the database at `url` to the newest of `migrations/NNNN-name.sql` (or those of `directory`); forward only. All
 * pending files run in one transaction under Kysely's advisory lock, so servers that start together do not disturb each other.
 * It has a connection of its own: waiting for the lock and changing a large table take longer than a request may.
 * @returns the names of the migrations that ran.
 * @throws Error that names the file that failed; nothing is changed then.
 */
export async function migrate({ url, directory = migrationsDirectory }: { url: string; directory?: URL }): Promise<string[]> {
  const pool = new Pool({ connectionString: url, max: 1 });
  pool.on('connect', (client) => client.on('error', () => undefined));
  const database = new Kysely({ dialect: new PostgresDialect({ pool }) });
  try {
    const migrator = new Migrator({ db: database, provider: { getMigrations: async () => await readMigrations(directory) } });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error === undefined) return results.map((result) => result.migrationName);
    const failed = results.find((result) => result.status === 'Error');
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new Error(`The database could not be migrated${failed ? ` (${failed.migrationName})` : ''}: ${reason}`, { cause: error });
  } finally {
    await database.destroy();
  }
}

async function readMigrations(directory: URL): Promise<Record<string, Migration>> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql'));
  for (const file of files) {
    if (!/^\d{4}-[a-z0-9-]+\.sql$/.test(file)) throw new Error(`${fileURLToPath(directory)}${file} is not named NNNN-name.sql`);
  }
  const migrations = files.map(async (file): Promise<[string, Migration]> => {
    const text = await readFile(new URL(file, directory), 'utf8');
    // Without parameters, pg sends the text as one simple query, which may hold many statements.
    return [file.replace(/\.sql$/, ''), { up: async (transaction) => void (await sql.raw(text).execute(transaction)) }];
  });
  return Object.fromEntries(await Promise.all(migrations));
}
