import { forgetPush } from '../notifications/forget-push.ts';
import { href, navigate } from '../ui/navigate.ts';
import type { Core } from './core.ts';
import { memberKey } from './official.ts';

/**
 * Signs out, then deletes keys, drafts, copies and settings of this browser, and starts the page anew, so that nothing is left in
 * memory either. When the server cannot be reached it throws, and nothing is deleted.
 */
export async function forgetDevice(core: Core): Promise<void> {
  await core.signOut();
  core.close();
  const databases = await indexedDB.databases();
  await Promise.all(databases.flatMap(({ name }) => (name === undefined ? [] : [deleteDatabase(name)])));
  localStorage.clear();
  await clearPrivateFiles();
  await forgetPush();
  location.replace(`${href('/signed-out')}?deleted`);
}

/** Signs out. On a device that is not the person's own the page starts anew, so that nothing is left in memory either. */
export async function leaveDevice(core: Core): Promise<void> {
  const isPassing = core.ownDevice.value === 'passing';
  await core.signOut();
  if (!isPassing) return navigate('/signed-out');
  localStorage.removeItem(memberKey);
  location.replace(`${href('/signed-out')}?deleted`);
}

function deleteDatabase(name: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const deletion = indexedDB.deleteDatabase(name);
  deletion.addEventListener('success', () => resolve());
  deletion.addEventListener('error', () => reject(deletion.error ?? new Error('the database was not deleted')));
  // Another tab still has it open; the deletion goes through as soon as that one lets go of it.
  deletion.addEventListener('blocked', () => resolve());
  return promise;
}

/** Ciphertext of files that had not all gone out. */
async function clearPrivateFiles(): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory();
    for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
  } catch (error) {
    // Some browsers have no private files in private windows.
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
  }
}
