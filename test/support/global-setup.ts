import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../server/platform/embedded-postgres.ts';
import { createTemplate, dropDatabase, type Template } from './database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    template: Template;
  }
}

/** Starts one PostgreSQL for the run (or uses DATABASE_URL's) and migrates the database that every test's is a copy of. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['DATABASE_URL'];
  const embedded = given === undefined ? await startTemporary() : undefined;
  const template = await createTemplate(embedded?.postgres.url ?? given ?? '');
  project.provide('template', template);
  return async () => {
    await dropDatabase(template, template.name);
    await embedded?.remove();
  };
}

async function startTemporary(): Promise<{ postgres: EmbeddedPostgres; remove: () => Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'schalter-test-'));
  const removeData = async (): Promise<void> => await rm(dataDir, { recursive: true, force: true });
  try {
    const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
    const remove = async (): Promise<void> => {
      await postgres.stop();
      await removeData();
    };
    return { postgres, remove };
  } catch (error) {
    await removeData();
    throw error;
  }
}
