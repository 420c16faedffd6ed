import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { migrate } from '../../server/platform/migrate.ts';

/** A migrated, empty database that is copied for every test. */
export interface Template {
  /** Connection string of a database on the same server, for creating and dropping. */
  readonly adminUrl: string;
  readonly name: string;
}

export interface TestDatabase {
  readonly url: string;
  /** Drops the database, whoever is still connected to it. */
  readonly drop: () => Promise<void>;
}

/** Creates a database of its own for a test: migrated, empty, in some 50 ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return await copyDatabase(({ name }) => name);
}

/** Creates a database for a test with nothing in it, not even tables. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return await copyDatabase(() => 'template0');
}

async function copyDatabase(choose: (template: Template) => string): Promise<TestDatabase> {
  const template: Template | undefined = inject('template');
  if (template === undefined) throw new Error('Run the tests with: vitest run --config test/vitest.config.ts');
  const name = newName();
  await administer(template.adminUrl, `create database ${name} template ${choose(template)}`);
  return { url: urlOf(template.adminUrl, name), drop: async () => await dropDatabase(template, name) };
}

export async function createTemplate(adminUrl: string): Promise<Template> {
  const name = newName();
  await administer(adminUrl, `create database ${name} template template0`);
  await migrate({ url: urlOf(adminUrl, name) });
  return { adminUrl, name };
}

export async function dropDatabase({ adminUrl }: Template, name: string): Promise<void> {
  // PostgreSQL waits five seconds for connections that are just closing; only then those that were left open are cut.
  const dropped = await administer(adminUrl, `drop database if exists ${name}`).then(
    () => true,
    () => false,
  );
  if (!dropped) await administer(adminUrl, `drop database if exists ${name} with (force)`);
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function newName(): string {
  return `schalter_test_${randomBytes(8).toString('hex')}`;
}

function urlOf(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
