import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

/** Makes a secret of 32 random bytes that only its owner can read, once. */
export async function ensureSecret(path: string): Promise<void> {
  try {
    await writeFile(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
