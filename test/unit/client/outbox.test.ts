import { expect, test } from 'vitest';
import { memoryLock } from '../../../client/net/lock.ts';
import { waitUntil } from '../../../client/net/observable.ts';
import { Outbox, type OutboxOptions, type Transmit } from '../../../client/net/outbox.ts';
import { RequestError } from '../../../client/net/request-error.ts';
import type { Database } from '../../../client/storage/database.ts';
import { memoryDatabase } from '../../../client/storage/memory-database.ts';
import { createOutboxStore, type OutboxItem } from '../../../client/storage/outbox-store.ts';
import { openVault } from '../../../client/storage/vault.ts';
import { toBase64Url } from '../../../server/protocol/base64url.ts';
import { isRetryable, type ErrorCode } from '../../../server/protocol/errors.ts';
import { CryptoError } from '../../../server/protocol/sodium.ts';
import { newId, type AccountId, type ConversationId, type MessageId } from '../../../server/protocol/ids.ts';

const accountId: AccountId = newId();
const conversationId: ConversationId = newId();

function refusal(code: ErrorCode): RequestError {
  return new RequestError({ code, retryable: isRetryable(code), ref: 'ref' });
}

async function openOutbox(database: Database, transmit: Transmit, options: Partial<OutboxOptions> = {}): Promise<Outbox> {
  const store = createOutboxStore({ database, vault: await openVault(database), accountId });
  return new Outbox({
    store,
    lock: memoryLock(),
    transmit,
    whenConnected: () => Promise.resolve(),
    pause: () => Promise.resolve(),
    ...options,
  });
}

function message(text: string): Pick<OutboxItem, 'messageId' | 'conversationId' | 'payload'> {
  return { messageId: newId<'message'>(), conversationId, payload: new TextEncoder().encode(text) };
}

function textOf(item: OutboxItem): string {
  return new TextDecoder().decode(item.payload);
}

test('messages leave in the order in which they were written', async () => {
  const sent: string[] = [];
  const outbox = await openOutbox(memoryDatabase(), async (item) => void sent.push(textOf(item)));
  for (const text of ['one', 'two', 'three']) await outbox.add(message(text));
  await waitUntil(outbox.items, (items) => items.length === 0);
  expect(sent).toEqual(['one', 'two', 'three']);
});

test('a message whose acknowledgement was lost is sent again with the same bytes', async () => {
  const sent: (string | null)[] = [];
  const outbox = await openOutbox(memoryDatabase(), async (item, keep) => {
    const envelope = item.envelope ?? toBase64Url(crypto.getRandomValues(new Uint8Array(8)));
    if (item.envelope === null) await keep({ ...item, envelope });
    sent.push(envelope);
    if (sent.length < 3) throw refusal('unavailable');
  });
  await outbox.add(message('once'));
  await waitUntil(outbox.items, (items) => items.length === 0);
  expect(sent).toHaveLength(3);
  expect(new Set(sent).size).toBe(1);
});

test('what was written without a line is sent by the page that is loaded later', async () => {
  const database = memoryDatabase();
  const offline = await openOutbox(database, () => Promise.reject(refusal('internal')), { whenConnected: () => new Promise(() => {}) });
  for (const text of ['one', 'two']) await offline.add(message(text));
  offline.close();

  const sent: string[] = [];
  const online = await openOutbox(database, async (item) => void sent.push(textOf(item)));
  await online.start();
  await waitUntil(online.items, (items) => items.length === 0);
  expect(sent).toEqual(['one', 'two']);
});

test('a message the server will not have is failed, holds up nobody, and can be tried again', async () => {
  let refusing = true;
  const sent: string[] = [];
  const outbox = await openOutbox(memoryDatabase(), async (item) => {
    if (textOf(item) === 'bad' && refusing) throw refusal('too_large');
    sent.push(textOf(item));
  });
  const bad = message('bad');
  await outbox.add(bad);
  await outbox.add(message('good'));
  const [failed] = await waitUntil(outbox.items, (items) => items.length === 1 && items[0]?.error !== null);
  expect(failed).toMatchObject({ messageId: bad.messageId, error: 'too_large', envelope: null });
  expect(sent).toEqual(['good']);
  refusing = false;
  await outbox.retry(bad.messageId);
  await waitUntil(outbox.items, (items) => items.length === 0);
  expect(sent).toEqual(['good', 'bad']);
});

test('of two tabs with one outbox, each message leaves once', async () => {
  const database = memoryDatabase();
  const lock = memoryLock();
  const sent: MessageId[] = [];
  const transmit: Transmit = async (item) => void sent.push(item.messageId);
  const one = await openOutbox(database, transmit, { lock });
  const other = await openOutbox(database, transmit, { lock });
  const tabs = [one, other];
  const messages = Array.from({ length: 20 }, (_, index) => message(String(index)));
  await Promise.all(messages.map((written, index) => (index % 2 === 0 ? one : other).add(written)));
  await Promise.all(tabs.map((tab) => tab.start()));
  await Promise.all(tabs.map((tab) => waitUntil(tab.items, (items) => items.length === 0)));
  expect(sent.toSorted()).toEqual(messages.map(({ messageId }) => messageId).toSorted());
});

test('the text of an unsent message does not lie open on the device', async () => {
  const database = memoryDatabase();
  const outbox = await openOutbox(database, () => Promise.reject(refusal('internal')), { whenConnected: () => new Promise(() => {}) });
  await outbox.add(message('canary'));
  const [stored] = await database.list('outbox', '');
  expect(stored).toBeDefined();
  expect(new TextDecoder().decode(stored?.payload)).not.toContain('canary');
  expect(JSON.stringify(stored)).not.toContain('canary');
});

test('a message that is being sealed when the account is closed stays for the next page, and is no failure', async () => {
  const database = memoryDatabase();
  const begun = Promise.withResolvers<void>();
  const isOver = Promise.withResolvers<void>();
  const outbox = await openOutbox(database, async () => {
    begun.resolve();
    await isOver.promise;
    throw new CryptoError('bad_key', 'the key was wiped');
  });
  await outbox.add(message('kept'));
  await begun.promise;
  outbox.close();
  isOver.resolve();
  await outbox.idle(conversationId);
  const sent: string[] = [];
  const next = await openOutbox(database, async (item) => void sent.push(textOf(item)));
  await next.start();
  await waitUntil(next.items, (items) => items.length === 0);
  expect(sent).toEqual(['kept']);
});
