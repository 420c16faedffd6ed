import { expect, test } from 'vitest';
import { checkGivenDatabase, refuseOldVersion } from '../../server/platform/given-database.ts';
import { createEmptyDatabase } from '../support/database.ts';

test('a PostgreSQL that is there and new enough is accepted, a database that is not on it is named', async () => {
  const { url, drop } = await createEmptyDatabase();
  try {
    await expect(checkGivenDatabase(url)).resolves.toBeUndefined();
  } finally {
    await drop();
  }
  await expect(checkGivenDatabase(url)).rejects.toThrow(
    /^The database of DATABASE_URL cannot be used: database "schalter_test_\w+" does not exist\.$/,
  );
});

test('nobody at the address is said in one sentence that does not repeat the password', async () => {
  const url = 'postgresql://schalter:secret@127.0.0.1:9/schalter';
  await expect(checkGivenDatabase(url)).rejects.toThrow(
    /^The database of DATABASE_URL cannot be used: connect ECONNREFUSED 127.0.0.1:9\.$/,
  );
});

test('PostgreSQL 14 is refused with the version that is needed, 15 is not', () => {
  expect(() => refuseOldVersion(140_022)).toThrow('it is PostgreSQL 14, and 15 or newer is needed');
  expect(() => refuseOldVersion(150_000)).not.toThrow();
});
