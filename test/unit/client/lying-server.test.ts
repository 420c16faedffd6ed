import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createDevice } from '../../../client/crypto/device.ts';
import { createEpoch, openEpoch } from '../../../client/crypto/epoch-keys.ts';
import { firstCounter, sealEnvelope } from '../../../client/crypto/envelope.ts';
import { signInboxLink } from '../../../client/crypto/inbox-keys.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import type { Conversation } from '../../../client/conversations/conversation.ts';
import { toSignedLink } from '../../../client/net/wire.ts';
import { createEntryCache } from '../../../client/storage/entry-cache.ts';
import { fromBase64Url } from '../../../server/protocol/base64url.ts';
import { readerOfUser } from '../../../server/protocol/epoch-rules.ts';
import { type ConversationId, idOf, newId, type ServiceId } from '../../../server/protocol/ids.ts';
import { verifyReceipt } from '../../../server/protocol/receipt.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { LyingServer } from '../../support/lying-server.ts';
import type { Member } from '../../support/memory-server.ts';
import { type Browser, openBrowser, openPage, type Page } from '../../support/page.ts';

let server: LyingServer;
let citizen: Member;
let official: Member;
let browsers: { readonly citizen: Browser; readonly official: Browser };
let pages: { citizen: Page; official: Page };
let conversationId: ConversationId;
const serviceId: ServiceId = newId();

beforeAll(async () => {
  await cryptoReady;
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  server = new LyingServer();
  citizen = server.join(server.world.person(), 'citizen');
  const person = server.world.person();
  official = server.join(person, 'official', 'Anne Muller');
  server.inbox.add(server.owner, person);
  browsers = { citizen: openBrowser(citizen), official: openBrowser(official) };
  pages = { citizen: await settle(openPage(server, browsers.citizen)), official: await settle(openPage(server, browsers.official)) };
  const started = await settle(pages.citizen.messenger.startConversation({ serviceId, inboxId: idOf(server.inbox.id) }));
  conversationId = started.conversationId;
});

afterEach(() => {
  for (const page of Object.values(pages)) page.close();
  vi.useRealTimers();
});

async function passUntil(holds: () => boolean, what: () => unknown): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < 10_000) {
    if (holds()) return;
    await vi.advanceTimersByTimeAsync(20);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never came: ${JSON.stringify(what())}`);
}

async function settle<Value>(promise: Promise<Value>): Promise<Value> {
  let done = false;
  const finished = () => void (done = true);
  promise.then(finished, finished);
  await passUntil(
    () => done,
    () => 'a promise that settles',
  );
  return await promise;
}

function of(page: Page): Conversation {
  return page.messenger.conversation(conversationId);
}

function kinds(conversation: Conversation): string[] {
  return conversation.state.value.items.map((item) =>
    item.kind === 'warning' ? item.warning.kind : item.kind === 'problem' ? item.problem : item.kind,
  );
}

function problems(conversation: Conversation): string[] {
  return conversation.state.value.problems.map(({ kind }) => kind);
}

async function say(page: Page, text: string): Promise<void> {
  await settle(of(page).send(text, 'en'));
  for (const { messenger } of Object.values(pages)) {
    const seen = messenger.conversation(conversationId);
    await passUntil(
      () => seen.state.value.items.some((item) => item.kind === 'message' && item.text === text && item.position !== null),
      () => seen.state.value,
    );
  }
}

async function reload(who: 'citizen' | 'official'): Promise<Conversation> {
  pages[who].close();
  pages[who] = await settle(openPage(server, browsers[who]));
  const conversation = of(pages[who]);
  await passUntil(
    () => conversation.state.value.caughtUp,
    () => conversation.state.value,
  );
  return conversation;
}

test('a receipt that the pinned key did not sign is none: the message is not called sent', async () => {
  server.receipt = (stored) => ({ ...stored, receipt: { ...stored.receipt, run: 'A'.repeat(43) as typeof stored.receipt.run } });
  const asked = of(pages.citizen);
  // Nobody tells this page of what is stored: only the answer counts.
  pages.citizen.line.close();
  await settle(asked.send('Moien', 'lb'));
  await passUntil(
    () => asked.state.value.items.some((item) => item.kind === 'message' && item.delivery?.state === 'failed'),
    () => asked.state.value,
  );
  expect(asked.state.value.items).toMatchObject([{ text: 'Moien', delivery: { state: 'failed', error: 'bad_state' } }]);
  expect(problems(asked)).toContain('receipt');
  expect(pages.citizen.alarms).toContainEqual({ kind: 'history-changed', id: conversationId });
});

test('what was confirmed and is not shown any more is told, over a sign-out, with the signature as evidence', async () => {
  await say(pages.citizen, 'one');
  await say(pages.citizen, 'two');
  await createEntryCache({ database: browsers.citizen.database, accountId: citizen.session.accountId }).clearAll();
  server.history = (entries) => entries.slice(0, -1);
  const asked = await reload('citizen');
  expect(problems(asked)).toEqual(['rollback']);
  expect(pages.citizen.alarms).toContainEqual({ kind: 'history-changed', id: conversationId });
  const { signed, shownNow } = JSON.parse(await asked.exportEvidence()) as {
    signed: { position: number; run: string; signature: string; receiptKey: string };
    shownNow: { head: number };
  };
  expect([signed.position, shownNow.head]).toEqual([3, 2]);
  const [run, signature, receiptKey] = [signed.run, signed.signature, signed.receiptKey].map((text) => fromBase64Url(text));
  verifyReceipt({ conversationId: fromBase64Url(conversationId), position: 3, run: run! }, signature!, receiptKey!);
});

test('another history up to a place that was confirmed is told at that place', async () => {
  await say(pages.citizen, 'one');
  await say(pages.official, 'two');
  await say(pages.citizen, 'three');
  await say(pages.official, 'four');
  await createEntryCache({ database: browsers.citizen.database, accountId: citizen.session.accountId }).clearAll();
  // "two" is gone, and everything after it has moved up.
  server.history = (entries) => entries.filter(({ position }) => position !== 3);
  const asked = await reload('citizen');
  expect(kinds(asked)).toEqual(expect.arrayContaining(['missing', 'not-as-signed', 'other-history']));
  expect(problems(asked)).toEqual(expect.arrayContaining(['gap', 'fork', 'receipt', 'rollback']));
  // And an honest server is believed again: the whole of it is read, and written to.
  server.history = null;
  const again = await reload('citizen');
  expect(again.state.value.items.flatMap((item) => (item.kind === 'message' ? [item.text] : []))).toEqual(['one', 'two', 'three', 'four']);
  expect(problems(again)).toEqual([]);
  await say(pages.citizen, 'five');
});

test('two people who are shown different histories find out by the next message', async () => {
  await say(pages.citizen, 'one');
  await say(pages.citizen, 'two');
  await createEntryCache({ database: browsers.official.database, accountId: official.session.accountId }).clearAll();
  await browsers.official.database.deleteAll('marks', '');
  server.history = (entries, { session }) => (session.role === 'official' ? entries.filter(({ position }) => position !== 2) : entries);
  const read = await reload('official');
  expect(read.state.value.items).toMatchObject([
    { kind: 'warning', warning: { kind: 'missing', count: 1, author: { who: 'citizen' } } },
    { kind: 'warning', warning: { kind: 'other-history', author: { who: 'citizen' } } },
    { kind: 'message', text: 'two' },
  ]);
  expect(problems(read)).toEqual(['gap', 'fork']);
});

test('attack 38: what a revoked device signs is refused when it comes, and after every reload', async () => {
  const { person } = citizen;
  const [own, stolen] = [person.device, createDevice('browser')];
  person.moveTo(stolen);
  person.device = own;
  await say(pages.citizen, 'before');
  // The thief still has the keys of the epoch.
  const [first] = server.answer('conversation:pull', { conversationId, after: 0 }, citizen).entries;
  if (first?.kind !== 'epoch' || first.box === null) throw new Error('the first entry is the epoch, sealed to the citizen');
  const epoch = server.epochOf(conversationId);
  const keys = openEpoch(epoch, person.id, person.ring(), fromBase64Url(first.box));
  person.revoke(stolen.deviceId);
  await vi.advanceTimersByTimeAsync(15_000);
  const { envelope } = sealEnvelope({
    epoch,
    keys,
    sender: { userId: person.id, device: stolen },
    counter: firstCounter,
    messageId: randomBytes(16),
    body: { sentAt: 1, content: { type: 'text', text: 'by the thief', lang: null, author: null }, gossip: null, seen: null },
  });
  const read = of(pages.official);
  server.smuggle(conversationId, envelope);
  await passUntil(
    () => kinds(read).length === 2,
    () => read.state.value,
  );
  expect(kinds(read)).toEqual(['message', 'revoked']);
  expect(kinds(await reload('official'))).toEqual(['message', 'revoked']);
});

test('when somebody has left, everybody else is sealed to by his own key, until the inbox has a new one', async () => {
  const leaver = server.world.person();
  server.join(leaver, 'official', 'Somebody Else');
  server.inbox.add(server.owner, leaver);
  server.inbox.append({ link: signInboxLink(server.inbox.state, leaver.signer, { type: 'leave' }), boxes: [], prevBox: null });
  await vi.advanceTimersByTimeAsync(70_000);
  await say(pages.citizen, 'to each of you');
  expect(server.epochOf(conversationId)).toMatchObject({
    reason: 'stale_inbox',
    readers: [{ kind: 'user' }, { kind: 'member' }, { kind: 'member' }],
  });
  expect(of(pages.official).state.value.readers).toMatchObject({ reach: 'members', officials: [{}, {}] });
  server.inbox.rotate(server.owner);
  await vi.advanceTimersByTimeAsync(70_000);
  await say(pages.official, 'to the inbox again');
  expect(server.epochOf(conversationId)).toMatchObject({ reason: 'newer_key', readers: [{ kind: 'user' }, { kind: 'inbox' }] });
  expect(problems(of(pages.citizen))).toEqual([]);
});

test('a citizen whose key is newer renews a restricted case for those named, and for nobody else', async () => {
  await say(pages.citizen, 'one');
  restrictTo(official.person);
  citizen.person.rotate();
  await vi.advanceTimersByTimeAsync(70_000);
  await say(pages.citizen, 'for you alone');
  const { reason, readers } = server.epochOf(conversationId);
  expect(reason).toBe('newer_key');
  expect(readers.map(({ kind, generation }) => [kind, generation])).toEqual([
    ['user', 2],
    ['member', 1],
  ]);
  expect(of(pages.official).state.value.readers).toMatchObject({ reach: 'restricted', officials: [{ name: 'Anne Muller' }] });
});

/** As a page for it would: an official limits the case to himself. */
function restrictTo(person: Member['person']): void {
  const state = server.epochOf(conversationId);
  const [entry] = server.answer('conversation:pull', { conversationId, after: 0 }, official).entries;
  if (entry?.kind !== 'epoch' || entry.box === null) throw new Error('the first entry is the epoch, sealed to the inbox');
  const keys = openEpoch(state, server.inbox.id, server.inbox.ring(person), fromBase64Url(entry.box));
  const epoch = createEpoch({
    conversationId: state.conversationId,
    previous: { state, keys },
    readers: [readerOfUser(citizen.person.state), readerOfUser(person.state, 'member')],
    reason: 'restrict',
    signer: person.signer,
  });
  server.answer('epoch:append', { conversationId, epoch: toSignedLink(epoch) }, official);
}
