import { CamelCasePlugin, Kysely, PostgresDialect, sql, type Transaction as KyselyTransaction } from 'kysely';
import { Pool } from 'pg';
import { AppError } from './app-error.ts';
import type { Log } from './log.ts';

/** Knows no tables by itself: each store names its own with `database.withTables<…>()`. */
export type Database = Kysely<object>;
/** A Database too: what a store does in one, it can do beside others in one commit. */
export type Transaction = KyselyTransaction<object>;

/**
 * A pool on PostgreSQL. Statements end after 3 s, waiting for a connection after 4 s: then the answer is `unavailable`, never a hang.
 * Columns are snake_case in SQL and camelCase here; jsonb is left as it is.
 */
export function openDatabase(options: { url: string; log: Log; maxConnections?: number }): Database {
  const pool = new Pool({
    connectionString: options.url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 4_000,
    statement_timeout: 3_000,
    idle_in_transaction_session_timeout: 10_000,
  });
  pool.on('error', (error) => options.log.warn({ err: error }, 'an idle database connection was lost'));
  // Without a listener on each client, a database that dies takes this process with it (reliability.md L8).
  pool.on('connect', (client) => client.on('error', (error) => options.log.warn({ err: error }, 'a database connection was lost')));
  return new Kysely({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}

/** Answers once the database does. */
export async function pingDatabase(database: Database): Promise<void> {
  await sql`select 1`.execute(database);
}

/** What the database's clock says, in milliseconds since 1970. */
export async function readDatabaseClock(database: Database): Promise<number> {
  const { rows } = await sql<{ at: number }>`select (extract(epoch from clock_timestamp()) * 1000)::float8 as at`.execute(database);
  return found(rows[0], 'time').at;
}

/** What is to be told once a transaction is stored. Who takes part in somebody else's transaction gives him this. */
export type Announcement = () => void;

/** Thrown inside a transaction when somebody has changed what it had read before it could lock it: it is undone and run again. */
export class Overtaken extends Error {
  /** PostgreSQL's own word for that: serialization failure. */
  readonly code = '40001';
}

const maxAttempts = 3;

/**
 * Runs `work` in one transaction, and again when PostgreSQL gave it up for the sake of another one (serialization failure,
 * deadlock) or when it throws Overtaken. So `work` does nothing outside SQL: whoever is to be told is told afterwards, when it is stored.
 */
export async function transaction<Value>(database: Database, work: (transaction: Transaction) => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.transaction().execute(work);
    } catch (error) {
      const code = textOf(error, 'code');
      if ((code !== '40001' && code !== '40P01') || attempt === maxAttempts) throw error;
    }
  }
}

/** The constraint that PostgreSQL refused a row for, or null when the error is another one (SQLSTATE class 23). */
export function violatedConstraint(error: unknown): string | null {
  return textOf(error, 'code').startsWith('23') ? textOf(error, 'constraint') : null;
}

/** A field of what PostgreSQL's driver throws; '' when it is not there. */
function textOf(error: unknown, field: string): string {
  const value: unknown = error instanceof Error ? Reflect.get(error, field) : undefined;
  return typeof value === 'string' ? value : '';
}

/** SQLSTATE classes and pool messages that mean: not now. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = textOf(error, 'code');
  return (
    /^(?:08|53|57|40)/.test(code) ||
    ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'].includes(code) ||
    /timeout exceeded when trying to connect|Connection terminated|Query read timeout/.test(error.message)
  );
}

/** The row, or `not_found` with the name of what was looked for. */
export function found<Row>(row: Row | undefined, what: string): Row {
  if (row === undefined) throw new AppError('not_found', `no such ${what}`);
  return row;
}
