import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
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
  try {
    const template = await createTemplate(embedded?.postgres.url ?? given ?? '');
    project.provide('template', template);
    return async () => {
      await dropDatabase(template, template.name);
      await embedded?.remove();
    };
  } catch (error) {
    await embedded?.remove();
    throw error;
  }
}

interface Temporary {
  readonly postgres: EmbeddedPostgres;
  readonly remove: () => Promise<void>;
}

async function startTemporary(): Promise<Temporary> {
  await removeAbandoned();
  return await startIn(await mkdtemp(join(tmpdir(), `schalter-test-${process.pid}-`)));
}

async function startIn(dataDir: string): Promise<Temporary> {
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

/** A run that was killed has left its files, and its PostgreSQL running: joining it makes us the last to leave. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const files = /^schalter-test-attachments-(\d+)-/.exec(name)?.[1];
    if (files !== undefined && !existsSync(`/proc/${files}`)) await rm(join(tmpdir(), name), { recursive: true, force: true });
    const pid = /^schalter-test-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const abandoned = await startIn(join(tmpdir(), name)).catch(() => undefined);
    await abandoned?.remove();
  }
}
