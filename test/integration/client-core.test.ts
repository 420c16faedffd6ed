import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPasskeys } from '../../client/account/passkeys.ts';
import { type Core, createCore } from '../../client/app/core.ts';
import type { Conversation, ConversationState } from '../../client/conversations/conversation.ts';
import type { Messenger } from '../../client/conversations/messenger.ts';
import { createCookieFetch } from '../../client/net/cookie-fetch.ts';
import { memoryLock } from '../../client/net/lock.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { memoryDatabase } from '../../client/storage/memory-database.ts';
import { Owner } from '../../deploy/demonstration/owner.ts';
import { seedDemonstration } from '../../deploy/demonstration/seed.ts';
import type { OfficeView } from '../../server/protocol/offices.ts';
import { Authenticator } from '../support/authenticator.ts';
import { startServerProcess, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let owner: Owner;
let office: OfficeView;
let closers: (() => Promise<void> | void)[];

beforeEach(async () => {
  closers = [];
  const directory = await mkdtemp(join(tmpdir(), 'schalter-keys-'));
  closers.push(async () => await rm(directory, { recursive: true }));
  server = await startTestServer();
  closers.push(async () => await server.close());
  const keysFile = join(directory, 'keys.json');
  await seedDemonstration({ database: server.database, keysFile });
  owner = await Owner.connect({ origin: server.origin, keysFile });
  closers.push(() => owner.close());
  const [first] = await newBrowser()
    .open()
    .then((core) => core.loadOffices());
  if (!first) throw new Error('the demonstration has offices');
  office = first;
});

afterEach(async () => {
  for (const close of closers.toReversed()) await close();
});

interface Browser {
  /** Loads the page: what is not in the database, the cookies or the authenticator is new. */
  open(): Promise<Core>;
}

function newBrowser(origin: string = server.origin): Browser {
  const database = memoryDatabase();
  const cookies = createCookieFetch(origin);
  const authenticator = new Authenticator({ origin });
  const passkeys = createPasskeys({
    startRegistration: async ({ optionsJSON }) => authenticator.create(optionsJSON),
    startAuthentication: async ({ optionsJSON }) => authenticator.get(optionsJSON),
  });
  return {
    open: async () => {
      const core = await createCore({
        origin,
        database,
        passkeys,
        lock: memoryLock(),
        fetch: cookies.fetch,
        headers: () => cookies.headers(),
      });
      closers.push(() => core.close());
      return core;
    },
  };
}

async function messengerOf(core: Core): Promise<Messenger> {
  const session = await waitUntil(core.session, ({ state }) => state === 'signed-in');
  if (session.state !== 'signed-in') throw new Error('not signed in');
  return session.messenger;
}

async function newCitizen(browser: Browser = newBrowser()): Promise<{ browser: Browser; core: Core; messenger: Messenger }> {
  const core = await browser.open();
  await core.registerCitizen();
  return { browser, core, messenger: await messengerOf(core) };
}

async function newOfficial(displayName: string): Promise<{ core: Core; messenger: Messenger }> {
  const link = await owner.invite({ officeId: office.officeId, role: 'official', displayName });
  const core = await newBrowser().open();
  const invitation = await core.readInvitation(new URL(link).hash);
  expect(invitation).toMatchObject({ role: 'official', displayName, officeId: office.officeId });
  await invitation.accept();
  expect(await owner.admit()).toEqual([displayName]);
  return { core, messenger: await messengerOf(core) };
}

async function start(messenger: Messenger): Promise<Conversation> {
  const [service] = office.services;
  if (!service) throw new Error('the office has services');
  return await messenger.startConversation({ serviceId: service.serviceId, inboxId: office.inboxId });
}

/** The texts, as far as the server has acknowledged them. */
function textsOf({ items }: ConversationState): string[] {
  return items.flatMap((item) => (item.kind === 'message' && item.position !== null ? [item.text] : []));
}

async function shows(conversation: Conversation, ...texts: string[]): Promise<ConversationState> {
  return await waitUntil(conversation.state, (state) => textsOf(state).join('|') === texts.join('|'));
}

test('a citizen writes, an official sees it come, answers, and the citizen sees that it was read', async () => {
  const official = await newOfficial('Anne Muller');
  const citizen = await newCitizen();
  await citizen.messenger.profile.saveName('Jos Weber');
  const asked = await start(citizen.messenger);
  await asked.send('Moien, ech hunn eng Fro.', 'lb');
  const list = await waitUntil(official.messenger.conversations.state, ({ rows }) => rows[0]?.unread === 1 && rows[0].lastItem !== null);
  expect(list.rows).toMatchObject([
    { citizenName: 'Jos Weber', unread: 1, lastItem: { kind: 'message', text: 'Moien, ech hunn eng Fro.' } },
  ]);

  const answered = official.messenger.conversation(asked.conversationId);
  await shows(answered, 'Moien, ech hunn eng Fro.');
  await answered.markRead();
  await waitUntil(asked.state, ({ items }) => items.some((item) => item.kind === 'message' && item.delivery?.state === 'read'));
  await answered.send('Bonjour, je vous écoute.', 'fr');
  const state = await shows(asked, 'Moien, ech hunn eng Fro.', 'Bonjour, je vous écoute.');
  expect(state.items[1]).toMatchObject({ author: { who: 'office', name: 'Anne Muller' }, lang: 'fr' });
  expect(state.problems).toEqual([]);
  expect(citizen.core.alarms.value).toEqual([]);
});

test('an official added later reads the history, and one removed reads nothing that follows', async () => {
  const first = await newOfficial('First');
  const citizen = await newCitizen();
  const asked = await start(citizen.messenger);
  await asked.send('before', 'en');
  const left = first.messenger.conversation(asked.conversationId);
  await shows(left, 'before');
  const second = await newOfficial('Second');
  const stayed = second.messenger.conversation(asked.conversationId);
  await shows(stayed, 'before');

  const session = first.core.session.value;
  if (session.state !== 'signed-in') throw new Error('not signed in');
  await owner.remove(office.officeId, session.session.accountId);
  await asked.send('after', 'en');
  const state = await shows(stayed, 'before', 'after');
  expect(state.items).toMatchObject([
    { kind: 'message' },
    { kind: 'members', change: 'joined' },
    { kind: 'members', change: 'left' },
    { kind: 'readers', reason: 'newer_key', newKeys: { citizen: false, office: true } },
    { kind: 'message' },
  ]);
  // The server does not even give him the ciphertext any more.
  await expect(first.core.request('conversation:pull', { conversationId: asked.conversationId, after: 0 })).rejects.toMatchObject({
    code: 'not_found',
  });
  expect(textsOf(left.state.value)).toEqual(['before']);
});

test('a reload brings everything back, and a passkey brings it back after signing out', async () => {
  const citizen = await newCitizen();
  const asked = await start(citizen.messenger);
  await asked.send('kept', 'en');
  await shows(asked, 'kept');
  citizen.core.close();

  const reloaded = await citizen.browser.open();
  await shows((await messengerOf(reloaded)).conversation(asked.conversationId), 'kept');
  await reloaded.signOut();
  expect(reloaded.session.value).toEqual({ state: 'signed-out', reason: 'signed-out' });
  expect(await reloaded.signIn()).toBe('signed-in');
  await shows((await messengerOf(reloaded)).conversation(asked.conversationId), 'kept');
});

test('a browser without the keys signs in and is told that it has none', async () => {
  const { origin } = server;
  const authenticator = new Authenticator({ origin });
  const passkeys = createPasskeys({
    startRegistration: async ({ optionsJSON }) => authenticator.create(optionsJSON),
    startAuthentication: async ({ optionsJSON }) => authenticator.get(optionsJSON),
  });
  const open = async () => {
    const cookies = createCookieFetch(origin);
    const core = await createCore({
      origin,
      database: memoryDatabase(),
      passkeys,
      lock: memoryLock(),
      fetch: cookies.fetch,
      headers: () => cookies.headers(),
    });
    closers.push(() => core.close());
    return core;
  };
  await (await open()).registerCitizen();
  const other = await open();
  expect(await other.signIn()).toBe('no-keys');
  expect(other.session.value).toMatchObject({ state: 'no-keys', session: { deviceId: null } });
});

test('twenty messages written at once arrive once and in their order, and none of them lies readable in the database', async () => {
  const official = await newOfficial('Anne Muller');
  const citizen = await newCitizen();
  const asked = await start(citizen.messenger);
  const texts = Array.from({ length: 20 }, (_, index) => `canary-${String(index).padStart(2, '0')}`);
  for (const text of texts) await asked.send(text, 'en');
  await shows(asked, ...texts);
  await shows(official.messenger.conversation(asked.conversationId), ...texts);
  const { rows } = await sql<{ tablename: string }>`select tablename from pg_tables where schemaname = 'public'`.execute(server.database);
  for (const { tablename } of rows) {
    const found = await sql<{
      line: string;
    }>`select t::text as line from ${sql.table(tablename)} t where t::text like '%canary%' or t::text like ${`%${Buffer.from('canary').toString('hex')}%`}`.execute(
      server.database,
    );
    expect(found.rows, tablename).toEqual([]);
  }
  expect(server.log.join('')).not.toContain('canary');
});

test('what is written while the server is killed, dead and back arrives once and in order', async () => {
  const env = { DATABASE_URL: server.databaseUrl };
  const first = await startServerProcess(env);
  closers.push(async () => await first.kill());
  const citizen = await newCitizen(newBrowser(first.origin));
  const asked = await start(citizen.messenger);
  await asked.send('0', 'en');
  await shows(asked, '0');
  for (const text of ['1', '2', '3', '4', '5']) await asked.send(text, 'en');
  await first.kill();
  await waitUntil(citizen.core.connection, ({ status }) => status === 'reconnecting');
  for (const text of ['6', '7', '8', '9']) await asked.send(text, 'en');
  const second = await startServerProcess(env, first);
  closers.push(async () => await second.kill());
  const state = await shows(asked, '0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
  expect(state.problems).toEqual([]);
  const { rows } = await sql<{ kind: string }>`select kind from entries where conversation_id = ${asked.conversationId}`.execute(
    server.database,
  );
  expect(rows.filter(({ kind }) => kind === 'message')).toHaveLength(10);
});
