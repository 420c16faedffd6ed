import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../deploy/command.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts';

/** The whole ceremony through the command line, as its people do it: one folder stands for what they carry to each other. */
let folder: string;
let database: TestDatabase;
let keys: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schalter-ceremony-'));
  database = await createEmptyDatabase();
  keys = [];
  for (const keeper of ['1', '2', '3']) keys.push(lastLine(await schalter('new-key', paper(`key-${keeper}`), '--keeper', keeper)));
  await schalter('new-owner', 'Anne Owner', join(folder, 'anne'));
  await schalter('draft', "Citizens' office", paper('draft'), '--owner', paper('anne.public'));
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

test('two keepers vouch for an inbox, its owner signs it, and an empty installation takes it', { timeout: 60_000 }, async () => {
  await schalter('sign', paper('draft'), paper('signed-1'), '--key', paper('key-1'));
  await schalter('sign', paper('signed-1'), paper('signed-2'), '--key', paper('key-3'));
  await schalter('finish', paper('signed-2'), paper('inbox'), '--owner', paper('anne.keys'));
  const verified = await schalter('verify', paper('inbox'), ...keys);
  expect(verified).toMatch(/^"Citizens' office" is in order: [\w-]{43}\n$/);

  await expect(schalter('install', paper('inbox'), '--owner', paper('anne.public'))).rejects.toThrow("the registry's keys trusted?");
  await schalter('trust', ...keys);
  const installed = await schalter('install', paper('inbox'), '--owner', paper('anne.public'));
  expect(installed.split(' is installed: ')[1]).toBe(verified.split(' is in order: ')[1]);
});

test('one keeper is not enough, and signing twice does not make two', async () => {
  await schalter('sign', paper('draft'), paper('lone'), '--key', paper('key-2'));
  await expect(schalter('finish', paper('lone'), paper('never'), '--owner', paper('anne.keys'))).rejects.toThrow('so far 1 did');
  await expect(schalter('sign', paper('lone'), paper('twice'), '--key', paper('key-2'))).rejects.toThrow('a second keeper must');
});

test('a draft that was changed after a keeper signed it cannot be finished', async () => {
  await schalter('sign', paper('draft'), paper('a'), '--key', paper('key-1'));
  await schalter('sign', paper('a'), paper('b'), '--key', paper('key-2'));
  const draft = JSON.parse(await readFile(paper('b'), 'utf8')) as object;
  await writeFile(paper('forged'), JSON.stringify({ ...draft, name: 'Another office' }));
  await expect(schalter('finish', paper('forged'), paper('never'), '--owner', paper('anne.keys'))).rejects.toThrow('not for this draft');
});

test('an inbox that other keys have signed is not verified', async () => {
  await schalter('sign', paper('draft'), paper('x'), '--key', paper('key-1'));
  await schalter('sign', paper('x'), paper('y'), '--key', paper('key-2'));
  await schalter('finish', paper('y'), paper('signed-by-1-and-2'), '--owner', paper('anne.keys'));
  await expect(schalter('verify', paper('signed-by-1-and-2'), keys[0] ?? '', keys[2] ?? '')).rejects.toThrow('registry');
});

test('secret papers are for their owner only, and nothing is overwritten', async () => {
  for (const name of ['key-1', 'anne.keys']) expect((await stat(paper(name))).mode & 0o777).toBe(0o600);
  await expect(schalter('new-key', paper('key-1'), '--keeper', 'again')).rejects.toThrow('is there already');
});

async function schalter(...parameters: string[]): Promise<string> {
  const { ok, output } = await runCommand(process.execPath, ['deploy/schalter.ts', 'registry', ...parameters], {
    ...process.env,
    DATABASE_URL: database.url,
  });
  if (!ok) throw new Error(output);
  return output;
}

function paper(name: string): string {
  return join(folder, `${name}.json`);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
