import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { dataDirectory } from '../directories.ts';

const bytes = z.string().transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url')));

const schema = z.strictObject({
  /** Seeds of the registry's keys. In a real installation they are made and kept offline. */
  registrySeeds: z.array(bytes).min(2),
  /** Seed of the owner's device: whoever has it decides who reads. */
  ownerSeed: bytes,
  ownerId: z.string(),
  /** Links that were given out: the half of each that the server never sees, to tell who was given which. */
  invitations: z.array(z.strictObject({ invitationId: z.string(), secret: bytes, expiresAt: z.number() })),
});

/** What the demonstration's owner knows. Kept beside the data, readable by its user only. */
export type DemonstrationKeys = z.infer<typeof schema>;

/** Null when the demonstration has not been set up here. */
export async function readKeys(file: string): Promise<DemonstrationKeys | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Error(
      `${file} cannot be read as the demonstration's keys. Put back the file, or remove the whole data directory to begin anew.`,
      { cause: error },
    );
  }
}

/** Replaces the file whole: a crash leaves the old or the new one. */
export async function writeKeys(file: string, keys: DemonstrationKeys): Promise<void> {
  const text = JSON.stringify(
    keys,
    (_name, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value),
    2,
  );
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Where the keys lie for an environment. */
export function keysFileOf(env: NodeJS.ProcessEnv): string {
  return join(dataDirectory(env), 'demonstration', 'keys.json');
}
