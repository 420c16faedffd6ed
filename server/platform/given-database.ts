import { Client } from 'pg';

/** The oldest the tests have been run on. */
const minVersion = 15;

/**
 * Asks a PostgreSQL that somebody else runs whether we can use it.
 * @param url DATABASE_URL. Its password is not repeated in what is thrown.
 * @throws Error with one plain sentence.
 */
export async function checkGivenDatabase(url: string): Promise<void> {
  let client: Client | undefined;
  try {
    client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ version: string }>(`select current_setting('server_version_num') as version`);
    refuseOldVersion(Number(rows[0]?.version));
  } catch (error) {
    throw new Error(`The database of DATABASE_URL cannot be used: ${reasonOf(error)}.`, { cause: error });
  } finally {
    await client?.end();
  }
}

/** @param versionNumber PostgreSQL's own counting: 150018 is 15.18. */
export function refuseOldVersion(versionNumber: number): void {
  const major = Math.floor(versionNumber / 10_000);
  if (!(major >= minVersion)) throw new Error(`it is PostgreSQL ${major}, and ${minVersion} or newer is needed`);
}

/** A name with several addresses fails with one error for each, and without a message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error && error.message !== '' ? error.message : 'it does not answer';
}
