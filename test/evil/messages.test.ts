import { afterAll, beforeAll, expect } from 'vitest';
import { sealEnvelope } from '../../client/crypto/envelope.ts';
import { openEnvelope } from '../../client/crypto/envelope.ts';
import { decrypt, encrypt, randomBytes } from '../../client/crypto/primitives.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { Entry, MessageEntry } from '../../server/protocol/conversations.ts';
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeHeader,
  envelopeHash,
  firstRun,
  messageAssociatedData,
  type MessageHeader,
  nextRun,
} from '../../server/protocol/envelope.ts';
import { alarmed, attack, entry, problem } from './attack.ts';
import { EvilServer } from './evil-server.ts';
import { showEntries } from './forgeries.ts';
import { Insider, type OpenedEpoch } from './insider.ts';
import { Scene, sound } from './scene.ts';
import { problemsOf, shows, textsOf } from './victim.ts';

let evil: EvilServer;

beforeAll(async () => {
  evil = await EvilServer.start();
});
afterAll(async () => {
  await evil.close();
});

async function entriesOf(scene: Scene): Promise<readonly Entry[]> {
  return (await scene.official.core.request('conversation:pull', { conversationId: scene.asked.conversationId, after: 0 })).entries;
}

function messagesAmong(entries: readonly Entry[]): readonly MessageEntry[] {
  return entries.filter((one) => one.kind === 'message');
}

/** What somebody else has signed, under another header, by a reader who has the key. */
function reheader(bytes: Uint8Array, { keys }: OpenedEpoch, change: Partial<MessageHeader>): Uint8Array {
  const { header, headerBytes, nonce, ciphertext } = decodeEnvelope(bytes);
  const inner = decrypt(nonce, ciphertext, messageAssociatedData(headerBytes), keys.messageKey);
  const changed = encodeHeader({ ...header, ...change });
  const sealed = encrypt(inner, messageAssociatedData(changed), keys.messageKey);
  return encodeEnvelope(changed, sealed.nonce, sealed.ciphertext);
}

attack(23, 'what one has signed is passed on by another under no other header and in nobody`s name', async ({ refused, reads }) => {
  const scene = await Scene.open(evil);
  const { office, asked } = scene;
  const insider = await Insider.hire(scene);
  const [epoch] = await insider.epochs();
  const [moien] = messagesAmong(await entriesOf(scene));
  if (!epoch || !moien) throw new Error('there is a message');
  const original = fromBase64Url(moien.envelope);
  const { header } = decodeEnvelope(original);
  const again = reheader(original, epoch, { messageId: randomBytes(16), deviceCounter: 2, prevMessageHash: envelopeHash(original) });
  const stolen = reheader(original, epoch, { senderUser: insider.gim.id, senderDevice: insider.gim.device.deviceId });
  const inHisName = sealEnvelope({
    epoch: epoch.state,
    keys: epoch.keys,
    sender: { userId: header.senderUser, device: { ...insider.gim.device, deviceId: header.senderDevice } },
    counter: { count: 1, lastHash: envelopeHash(original) },
    messageId: randomBytes(16),
    body: { sentAt: 1, content: { type: 'text', text: 'I agree', lang: 'en', author: null }, gossip: null, seen: null },
  }).envelope;

  const forgeries = [again, stolen, inHisName];
  await showEntries(
    scene,
    forgeries.map((bytes) => ({ kind: 'message', bytes })),
  );
  for (const one of [scene.asking, scene.answered]) {
    expect(textsOf(one.state.value)).toEqual(['Moien']);
    expect(problemsOf(one.state.value).filter((kind) => kind === 'invalid')).toHaveLength(forgeries.length);
  }
  await reads(entry('invalid'));
  for (const bytes of forgeries)
    await refused('bad_signature', () => openEnvelope(bytes, epoch.state, epoch.keys, office.world.at('past')));
  const envelope = toBase64Url(inHisName);
  await refused('forbidden', async () => await insider.line.request('message:send', { conversationId: asked.conversationId, envelope }));
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
});

attack(24, 'a message that is given again is shown once', async ({ refused, reads }) => {
  const scene = await Scene.open(evil);
  const { asked } = scene;
  const { conversationId } = asked;
  const insider = await Insider.hire(scene);
  const [epoch] = await insider.epochs();
  const [moien] = messagesAmong(await entriesOf(scene));
  if (!epoch || !moien) throw new Error('there is a message');
  await showEntries(scene, [{ kind: 'message', bytes: fromBase64Url(moien.envelope) }]);
  for (const one of [scene.asking, scene.answered]) expect(textsOf(one.state.value)).toEqual(['Moien']);
  evil.lies.recant();

  // The id of one message for another one.
  const first = insider.seal(epoch, 'one');
  const second = reheader(insider.seal(epoch, 'two'), epoch, { messageId: decodeEnvelope(first).header.messageId });
  await insider.line.request('message:send', { conversationId, envelope: toBase64Url(first) });
  await refused('conflict', async () => await insider.line.request('message:send', { conversationId, envelope: toBase64Url(second) }));
  await reads(problem('fork'));
  scene.close();
});

attack(24, 'messages that are missing before one, and a counter that is used twice, are told', async ({ reads }) => {
  const scene = await Scene.open(evil);
  const insider = await Insider.hire(scene);
  const [epoch] = await insider.epochs();
  if (!epoch) throw new Error('there is an epoch');
  const { conversationId } = scene.asked;
  const one = insider.seal(epoch, 'one');
  await insider.line.request('message:send', { conversationId, envelope: toBase64Url(one) });
  await shows(scene.asking, 'Moien', 'one');
  const third = insider.seal(epoch, 'three', { count: 2, lastHash: randomBytes(32) });
  await showEntries(scene, [{ kind: 'message', bytes: third }]);
  for (const { state } of [scene.asking, scene.answered]) expect(problemsOf(state.value)).toContain('gap');
  await reads(problem('gap'));
  expect(await scene.goOn()).toEqual(sound);

  const other = insider.seal(epoch, 'another one');
  await showEntries(scene, [{ kind: 'message', bytes: other }]);
  for (const { state } of [scene.asking, scene.answered]) expect(problemsOf(state.value)).toContain('fork');
  await reads(problem('fork'));
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
});

/** Entries in another order, or fewer of them: numbered anew, with runs that fit. */
function renumbered(scene: Scene, entries: readonly Entry[]): readonly Entry[] {
  let run = firstRun(fromBase64Url(scene.asked.conversationId));
  return entries.map((one, index) => {
    const bytes = one.kind === 'epoch' ? one.link : one.kind === 'message' ? one.envelope : one.event;
    run = nextRun(run, index + 1, envelopeHash(fromBase64Url(bytes)));
    return { ...one, position: index + 1, run: toBase64Url(run) };
  });
}

/** From now on the conversation consists of these entries for somebody, and what comes after the honest ones comes after them. */
function showInstead(scene: Scene, entries: readonly Entry[], honest: readonly Entry[], to: string): void {
  const shown = renumbered(scene, entries);
  evil.lies.answer(
    'conversation:pull',
    ({ conversation, entries: rest }, { after }) => {
      const later = after >= shown.length ? rest : [];
      const head = conversation.head === honest.length ? shown.length : conversation.head;
      return { conversation: { ...conversation, head }, entries: after >= shown.length ? later : shown.slice(after) };
    },
    to,
  );
}

attack(25, 'messages left out, or in another order, are told to who has seen nothing before', async ({ reads }) => {
  const scene = await Scene.open(evil);
  for (const text of ['one', 'two', 'three']) await scene.asking.send(text, 'en');
  await shows(scene.answered, 'Moien', 'one', 'two', 'three');
  const honest = await entriesOf(scene);
  const [epoch, moien, one, two, three] = honest;
  if (!epoch || !moien || !one || !two || !three) throw new Error('there are five entries');
  for (const shown of [
    [epoch, moien, one, three],
    [epoch, moien, two, one, three],
    [epoch, one, moien, two, three],
  ]) {
    const name = `late-${shown.length}-${shown.indexOf(one)}`;
    showInstead(scene, shown, honest, scene.nameOf(name));
    const late = await scene.employ(name);
    const { state } = late.messenger.conversation(scene.asked.conversationId);
    const { problems } = await waitUntil(state, ({ caughtUp }) => caughtUp);
    expect(problems.map(({ kind }) => kind).filter((kind) => kind === 'gap' || kind === 'fork')).not.toEqual([]);
    await reads(problem(problems[0]?.kind === 'gap' ? 'gap' : 'fork'));
    evil.lies.recant();
    await late.reload();
    expect(problemsOf(await shows(late.messenger.conversation(scene.asked.conversationId), 'Moien', 'one', 'two', 'three'))).toEqual([]);
  }
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
});

attack(25, 'two who are shown different orders find out by what the other has seen', async ({ reads }) => {
  const scene = await Scene.open(evil);
  await scene.answered.send('from the office', 'en');
  await scene.asking.send('from the citizen', 'en');
  await shows(scene.asking, 'Moien', 'from the office', 'from the citizen');
  const honest = await entriesOf(scene);
  const [epoch, moien, office, citizen] = honest;
  if (!epoch || !moien || !office || !citizen) throw new Error('there are four entries');
  // Counters and runs all fit: only that it is not what the others see.
  showInstead(scene, [epoch, office, moien, citizen], honest, scene.nameOf('late'));
  const late = await scene.employ('late');
  const read = late.messenger.conversation(scene.asked.conversationId);
  await waitUntil(read.state, ({ items }) => items.filter(({ kind }) => kind === 'message').length === 3);
  await scene.asking.send('as I have seen it', 'en');
  const { problems } = await waitUntil(read.state, (state) => textsOf(state).includes('as I have seen it') || problemsOf(state).length > 0);
  expect(problems.map(({ kind }) => kind)).toContain('fork');
  // By the author's own word, before the server's run hashes stop fitting.
  const warnings = read.state.value.items.flatMap((item) => (item.kind === 'warning' ? [item.warning.kind] : []));
  expect(warnings).toContain('other-history');
  await reads(problem('fork'));
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
});

attack(25, 'a message that was shown and is denied later is told, and can be proved', async ({ reads }) => {
  const scene = await Scene.open(evil);
  const { citizen } = scene;
  const insider = await Insider.hire(scene);
  const [epoch] = await insider.epochs();
  if (!epoch) throw new Error('there is an epoch');
  await showEntries(scene, [{ kind: 'message', bytes: insider.seal(epoch, 'granted') }], [citizen]);
  await shows(scene.asking, 'Moien', 'granted');
  evil.lies.recant();
  await citizen.reload();
  await waitUntil(citizen.core.alarms, (alarms) => alarms.length > 0);
  expect(citizen.alarms).toEqual(['history-changed']);
  await waitUntil(scene.asking.state, (state) => problemsOf(state).includes('rollback'));
  expect(await scene.asking.exportEvidence()).toContain('schalter-evidence-1');
  await reads(alarmed('history-changed'));
  await reads(problem('rollback'));
  scene.close();
});
