import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../server/platform/migrate.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts';

let directory: string;
let empty: TestDatabase;
let database: Kysely<unknown>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'schalter-migrations-'));
  empty = await createEmptyDatabase();
  database = new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: empty.url }) }) });
});

afterEach(async () => {
  await database.destroy();
  await empty.drop();
  await rm(directory, { recursive: true });
});

async function run(): Promise<string[]> {
  return await migrate({ url: empty.url, directory: pathToFileURL(`${directory}/`) });
}

async function readNotes(): Promise<unknown[]> {
  return (await sql`select text from notes order by text`.execute(database)).rows;
}

test('files of many statements run in the order of their numbers, each once', async () => {
  await writeFile(join(directory, '0002-more.sql'), `insert into notes values ('b; still b');`);
  await writeFile(
    join(directory, '0001-notes.sql'),
    `create table notes (text text primary key);\n-- a comment; with a semicolon\ninsert into notes values ('a');`,
  );
  expect(await run()).toEqual(['0001-notes', '0002-more']);
  expect(await run()).toEqual([]);
  expect(await readNotes()).toEqual([{ text: 'a' }, { text: 'b; still b' }]);
});

test('a file that fails is named, and leaves nothing behind', async () => {
  await writeFile(join(directory, '0001-notes.sql'), 'create table notes (text text);');
  await writeFile(join(directory, '0002-broken.sql'), `insert into notes values ('half'); select no_such_function();`);
  await expect(run()).rejects.toThrow(/0002-broken.*no_such_function/);
  await writeFile(join(directory, '0002-broken.sql'), `insert into notes values ('whole');`);
  expect(await run()).toEqual(['0001-notes', '0002-broken']);
  expect(await readNotes()).toEqual([{ text: 'whole' }]);
});

test('of two servers that migrate at once, one does and the other waits for it', async () => {
  await writeFile(join(directory, '0001-notes.sql'), `create table notes (text text); insert into notes values ('once');`);
  const ran = await Promise.all([run(), run()]);
  expect(ran.flat()).toEqual(['0001-notes']);
  expect(await readNotes()).toEqual([{ text: 'once' }]);
});

test('a file whose name has no number is refused', async () => {
  await writeFile(join(directory, 'notes.sql'), 'create table notes (text text);');
  await expect(run()).rejects.toThrow('notes.sql is not named NNNN-name.sql');
});
