import type { BrowserContext, Page } from 'playwright-core';

/** Everything an origin keeps in a browser, as one text, and how many things that are; cookies are in the text only. */
export async function dumpStorage({
  page,
  context,
}: {
  readonly page: Page;
  readonly context: BrowserContext;
}): Promise<{ readonly text: string; readonly rows: number }> {
  const kept = await page.evaluate(readStorage);
  const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`);
  return { text: [...kept, ...cookies].join('\n'), rows: kept.length };
}

/** Runs in the page, so all that it needs is in it. */
async function readStorage(): Promise<string[]> {
  const found: string[] = [];
  for (const { name = '', version } of await indexedDB.databases()) {
    const opening = indexedDB.open(name, version);
    const { promise, resolve } = Promise.withResolvers<void>();
    opening.addEventListener('success', () => resolve());
    await promise;
    const database = opening.result;
    for (const store of Array.from(database.objectStoreNames)) {
      const { promise: end, resolve: finish } = Promise.withResolvers<void>();
      const walking = database.transaction(store).objectStore(store).openCursor();
      walking.addEventListener('success', () => {
        const cursor = walking.result;
        if (cursor === null) return finish();
        const value = JSON.stringify(cursor.value, (_key, inner: unknown) =>
          inner instanceof Uint8Array ? Array.from(inner, (byte) => String.fromCharCode(byte)).join('') : inner,
        );
        found.push(`${name}/${store}/${JSON.stringify(cursor.key)}: ${value}`);
        cursor.continue();
      });
      await end;
    }
    database.close();
  }
  for (const storage of [localStorage, sessionStorage]) {
    for (let index = 0; index < storage.length; index += 1)
      found.push(`${storage.key(index)}: ${storage.getItem(storage.key(index) ?? '')}`);
  }
  found.push(...(await caches.keys()));
  for await (const file of (await navigator.storage.getDirectory()).keys()) found.push(file);
  return found;
}
