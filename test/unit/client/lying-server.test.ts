import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createDevice } from '../../../client/crypto/device.ts';
import { openEpoch } from '../../../client/crypto/epoch-keys.ts';
import { firstCounter, sealEnvelope } from '../../../client/crypto/envelope.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import { createEntryCache } from '../../../client/storage/entry-cache.ts';
import { fromBase64Url } from '../../../server/protocol/base64url.ts';
import { verifyReceipt } from '../../../server/protocol/receipt.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { kinds, LyingScene, passUntil, problems, settle } from '../../support/lying-scene.ts';

let scene: LyingScene;

beforeAll(async () => {
  await cryptoReady;
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  scene = await LyingScene.open();
});

afterEach(() => {
  scene.close();
  vi.useRealTimers();
});

test('a receipt that the pinned key did not sign is none: the message is not called sent', async () => {
  scene.server.receipt = (stored) => ({ ...stored, receipt: { ...stored.receipt, run: 'A'.repeat(43) as typeof stored.receipt.run } });
  const asked = scene.of('citizen');
  // Nobody tells this page of what is stored: only the answer counts.
  scene.pages.citizen.line.close();
  await settle(asked.send('Moien', 'lb'));
  await passUntil(
    () => asked.state.value.items.some((item) => item.kind === 'message' && item.delivery?.state === 'failed'),
    () => asked.state.value,
  );
  expect(asked.state.value.items).toMatchObject([{ text: 'Moien', delivery: { state: 'failed', error: 'bad_state' } }]);
  expect(problems(asked)).toContain('receipt');
  expect(scene.pages.citizen.alarms).toContainEqual({ kind: 'history-changed', id: scene.conversationId });
});

test('what was confirmed and is not shown any more is told, over a sign-out, with the signature as evidence', async () => {
  await scene.say('citizen', 'one');
  await scene.say('citizen', 'two');
  await createEntryCache({ database: scene.browsers.citizen.database, accountId: scene.people.citizen.session.accountId }).clearAll();
  scene.server.history = (entries) => entries.slice(0, -1);
  const asked = await scene.reload('citizen');
  expect(problems(asked)).toEqual(['rollback']);
  expect(scene.pages.citizen.alarms).toContainEqual({ kind: 'history-changed', id: scene.conversationId });
  const { signed, shownNow } = JSON.parse(await asked.exportEvidence()) as {
    signed: { position: number; run: string; signature: string; receiptKey: string };
    shownNow: { head: number };
  };
  expect([signed.position, shownNow.head]).toEqual([3, 2]);
  const [run, signature, receiptKey] = [signed.run, signed.signature, signed.receiptKey].map((text) => fromBase64Url(text));
  verifyReceipt({ conversationId: fromBase64Url(scene.conversationId), position: 3, run: run! }, signature!, receiptKey!);
});

test('another history up to a place that was confirmed is told at that place', async () => {
  await scene.say('citizen', 'one');
  await scene.say('official', 'two');
  await scene.say('citizen', 'three');
  await scene.say('official', 'four');
  await createEntryCache({ database: scene.browsers.citizen.database, accountId: scene.people.citizen.session.accountId }).clearAll();
  // "two" is gone, and everything after it has moved up.
  scene.server.history = (entries) => entries.filter(({ position }) => position !== 3);
  const asked = await scene.reload('citizen');
  expect(kinds(asked)).toEqual(expect.arrayContaining(['missing', 'not-as-signed', 'other-history']));
  expect(problems(asked)).toEqual(expect.arrayContaining(['gap', 'fork', 'receipt', 'rollback']));
  // And an honest server is believed again: the whole of it is read, and written to.
  scene.server.history = null;
  const again = await scene.reload('citizen');
  expect(again.state.value.items.flatMap((item) => (item.kind === 'message' ? [item.text] : []))).toEqual(['one', 'two', 'three', 'four']);
  expect(problems(again)).toEqual([]);
  await scene.say('citizen', 'five');
});

test('two people who are shown different histories find out by the next message', async () => {
  await scene.say('citizen', 'one');
  await scene.say('citizen', 'two');
  await createEntryCache({ database: scene.browsers.official.database, accountId: scene.people.official.session.accountId }).clearAll();
  await scene.browsers.official.database.deleteAll('marks', '');
  scene.server.history = (entries, { session }) =>
    session.role === 'official' ? entries.filter(({ position }) => position !== 2) : entries;
  const read = await scene.reload('official');
  expect(read.state.value.items).toMatchObject([
    { kind: 'warning', warning: { kind: 'missing', count: 1, author: { who: 'citizen' } } },
    { kind: 'warning', warning: { kind: 'other-history', author: { who: 'citizen' } } },
    { kind: 'message', text: 'two' },
  ]);
  expect(problems(read)).toEqual(['gap', 'fork']);
});

test('attack 38: what a revoked device signs is refused when it comes, and after every reload', async () => {
  const { person } = scene.people.citizen;
  const [own, stolen] = [person.device, createDevice('browser')];
  person.moveTo(stolen);
  person.device = own;
  await scene.say('citizen', 'before');
  // The thief still has the keys of the epoch.
  const [first] = scene.server.answer(
    'conversation:pull',
    { conversationId: scene.conversationId, after: 0 },
    scene.people.citizen,
  ).entries;
  if (first?.kind !== 'epoch' || first.box === null) throw new Error('the first entry is the epoch, sealed to the citizen');
  const epoch = scene.server.epochOf(scene.conversationId);
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
  const read = scene.of('official');
  scene.server.smuggle(scene.conversationId, envelope);
  await passUntil(
    () => kinds(read).length === 2,
    () => read.state.value,
  );
  expect(kinds(read)).toEqual(['message', 'revoked']);
  expect(kinds(await scene.reload('official'))).toEqual(['message', 'revoked']);
});
