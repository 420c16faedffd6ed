import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createEpoch, openEpoch } from '../../../client/crypto/epoch-keys.ts';
import { signInboxLink } from '../../../client/crypto/inbox-keys.ts';
import { toSignedLink } from '../../../client/net/wire.ts';
import { fromBase64Url } from '../../../server/protocol/base64url.ts';
import { readerOfUser } from '../../../server/protocol/epoch-rules.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { kinds, LyingScene, passUntil, problems, settle } from '../../support/lying-scene.ts';
import type { Member } from '../../support/memory-server.ts';
import { openBrowser } from '../../support/page.ts';
import { notBefore, Registrars } from '../../support/registrars.ts';

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

test('when somebody has left, everybody else is sealed to by his own key, until the inbox has a new one', async () => {
  const leaver = scene.server.world.person();
  scene.server.join(leaver, 'official', 'Somebody Else');
  scene.server.inbox.add(scene.server.owner, leaver);
  scene.server.inbox.append({ link: signInboxLink(scene.server.inbox.state, leaver.signer, { type: 'leave' }), boxes: [], prevBox: null });
  await vi.advanceTimersByTimeAsync(70_000);
  await scene.say('citizen', 'to each of you');
  expect(scene.server.epochOf(scene.conversationId)).toMatchObject({
    reason: 'stale_inbox',
    readers: [{ kind: 'user' }, { kind: 'member' }, { kind: 'member' }],
  });
  expect(scene.of('official').state.value.readers).toMatchObject({ reach: 'members', officials: [{}, {}] });
  scene.server.inbox.rotate(scene.server.owner);
  await vi.advanceTimersByTimeAsync(70_000);
  await scene.say('official', 'to the inbox again');
  expect(scene.server.epochOf(scene.conversationId)).toMatchObject({ reason: 'newer_key', readers: [{ kind: 'user' }, { kind: 'inbox' }] });
  expect(problems(scene.of('citizen'))).toEqual([]);
});

test('a citizen whose key is newer renews a restricted case for those named, and for nobody else', async () => {
  await scene.say('citizen', 'one');
  restrictTo(scene.people.official.person);
  scene.people.citizen.person.rotate();
  await vi.advanceTimersByTimeAsync(70_000);
  await scene.say('citizen', 'for you alone');
  const { reason, readers } = scene.server.epochOf(scene.conversationId);
  expect(reason).toBe('newer_key');
  expect(readers.map(({ kind, generation }) => [kind, generation])).toEqual([
    ['user', 2],
    ['member', 1],
  ]);
  expect(scene.of('official').state.value.readers).toMatchObject({ reach: 'restricted', officials: [{ name: 'Anne Muller' }] });
});

test('attack 37: after a reset nothing is sealed to the new keys before an official gives the history back', async () => {
  await scene.say('citizen', 'before');
  const registrars = new Registrars(scene.server.world);
  scene.server.registrars = registrars.inbox;
  scene.server.join(registrars.first, 'official', 'Nora Weber');
  scene.server.join(registrars.second, 'official', 'Paul Schmit');
  const answering = await scene.reload('official');
  vi.setSystemTime(notBefore + 60_000);
  registrars.reset(scene.people.citizen.person);
  // A page that is open notices when it is to send: nothing leaves.
  await settle(answering.send('Are you there?', 'en'));
  await passUntil(
    () => problems(answering).includes('reset'),
    () => answering.state.value,
  );
  expect(answering.state.value.problems).toContainEqual({ kind: 'reset', at: notBefore, registrars: ['Nora Weber', 'Paul Schmit'] });
  expect(scene.server.epochOf(scene.conversationId).epoch).toBe(1);
  expect(scene.server.messageCount(scene.conversationId)).toBe(1);

  // The person has a new browser with new keys: honest about what it cannot read, and unable to take it.
  scene.pages.citizen.close();
  scene.people.citizen = scene.server.join(scene.people.citizen.person, 'citizen');
  scene.browsers.citizen = openBrowser(scene.people.citizen);
  const asking = await scene.reload('citizen');
  expect(kinds(asking)).toEqual(['undecryptable']);
  expect(problems(asking)).toEqual(['reset']);
  const messageId = await settle(asking.send('It is me', 'en'));
  await passUntil(
    () => asking.state.value.items.some((item) => item.kind === 'message' && item.delivery?.state === 'failed'),
    () => asking.state.value,
  );
  expect(scene.server.epochOf(scene.conversationId).epoch).toBe(1);

  await settle(answering.giveHistoryBack());
  expect(scene.server.epochOf(scene.conversationId)).toMatchObject({ epoch: 2, reason: 'restored' });
  await passUntil(
    () => !problems(asking).includes('reset'),
    () => asking.state.value,
  );
  await settle(asking.retry(messageId));
  await passUntil(
    () => problems(asking).length === 0,
    () => asking.state.value,
  );
  expect(asking.state.value.items).toMatchObject([
    { text: 'before' },
    { kind: 'readers', reason: 'restored' },
    { text: 'It is me', delivery: { state: 'sent' } },
  ]);
  await scene.say('official', 'Welcome back');
});

/** As a page for it would: an official limits the case to himself. */
function restrictTo(person: Member['person']): void {
  const state = scene.server.epochOf(scene.conversationId);
  const [entry] = scene.server.answer(
    'conversation:pull',
    { conversationId: scene.conversationId, after: 0 },
    scene.people.official,
  ).entries;
  if (entry?.kind !== 'epoch' || entry.box === null) throw new Error('the first entry is the epoch, sealed to the inbox');
  const keys = openEpoch(state, scene.server.inbox.id, scene.server.inbox.ring(person), fromBase64Url(entry.box));
  const epoch = createEpoch({
    conversationId: state.conversationId,
    previous: { state, keys },
    readers: [readerOfUser(scene.people.citizen.person.state), readerOfUser(person.state, 'member')],
    reason: 'restrict',
    signer: person.signer,
  });
  scene.server.answer('epoch:append', { conversationId: scene.conversationId, epoch: toSignedLink(epoch) }, scene.people.official);
}
