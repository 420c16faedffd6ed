import { browserName } from '../account/browser-name.ts';
import { watchPage } from '../account/idle-lock.ts';
import { createPasskeys } from '../account/passkeys.ts';
import { browserTabs } from '../account/tabs.ts';
import { createFileWorker } from '../attachments/file-worker.ts';
import { webLock } from '../net/lock.ts';
import { openDatabase } from '../storage/database.ts';
import { type Core, createCore } from './core.ts';

/** The core of this browser's page. */
export async function createBrowserCore(): Promise<Core> {
  return await createCore({
    origin: location.origin,
    database: await openDatabase(),
    passkeys: createPasskeys(),
    lock: webLock,
    fetch: (...request) => fetch(...request),
    createFileTasks: createFileWorker,
    deviceLabel: browserName(navigator.userAgent),
    tabs: browserTabs(),
    watchInput: watchPage,
  });
}
