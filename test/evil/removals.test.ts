import { afterAll, beforeAll, expect } from 'vitest';
import { createDevice } from '../../client/crypto/device.ts';
import { openEpoch } from '../../client/crypto/epoch-keys.ts';
import { openEnvelope } from '../../client/crypto/envelope.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import { requireSender } from '../../server/protocol/epoch-rules.ts';
import { alarmed, attack, entry, problem } from './attack.ts';
import { EvilServer } from './evil-server.ts';
import { showEntries } from './forgeries.ts';
import { Insider } from './insider.ts';
import { storeByForce } from './operator.ts';
import { Scene, sound } from './scene.ts';
import { delivered, problemsOf, shows, textsOf } from './victim.ts';

let evil: EvilServer;

beforeAll(async () => {
  evil = await EvilServer.start();
});
afterAll(async () => {
  await evil.close();
});

attack(14, 'a removal that is hidden from the citizen comes out with the office`s next word', async ({ refused, reads }) => {
  const scene = await Scene.open(evil);
  const { office, citizen, asked } = scene;
  const { conversationId } = asked;
  const insider = await Insider.hire(scene);
  const [old] = await insider.epochs();
  if (!old) throw new Error('there is an epoch');
  const links = office.inbox.shelf.links.map(toBase64Url);
  await office.removeOfficial(insider.somebody);
  evil.lies.answer(
    'inbox:load',
    (_answer, { afterSeqno }) => ({ links: links.slice(afterSeqno), head: Math.max(links.length, afterSeqno) }),
    citizen.name,
  );
  evil.lies.hint('inbox:changed', () => null, citizen.name);
  const handedOn: Uint8Array[] = [];
  const stored = new Map<string, Promise<Awaited<ReturnType<typeof storeByForce>>>>();
  evil.lies.relay(
    'message:send',
    async ({ envelope }) => {
      const bytes = fromBase64Url(envelope);
      handedOn.push(bytes);
      const answer = stored.get(envelope) ?? storeByForce(evil.server.database, conversationId, bytes);
      stored.set(envelope, answer);
      return { ok: true, value: await answer };
    },
    citizen.name,
  );
  await citizen.reload();
  await scene.asking.send('I know of no removal', 'en');
  await delivered(scene.asking);
  // So far the removed official, to whom the server gives it, reads along: that is what the key directory will put a bound to.
  const [bytes] = handedOn;
  if (!bytes) throw new Error('the citizen has written');
  expect(openEnvelope(bytes, old.state, old.keys, office.world.at('past')).body.content).toMatchObject({ text: 'I know of no removal' });
  evil.tell(scene.official.name, 'conversation:advanced', { conversationId, head: 3, entries: [] });
  await shows(scene.answered, 'Moien', 'I know of no removal');

  await scene.answered.send('we go on without him', 'en');
  const { entries } = await waitForEpoch(scene, 2);
  const parties = { citizenId: fromBase64Url(citizen.accountId), inboxId: office.inbox.id };
  const second = entries.findLast((one) => one.kind === 'epoch');
  if (second?.kind !== 'epoch') throw new Error('the office has made a new epoch');
  const two = verifyEpoch(fromBase64Url(second.link), old.state, parties, office.world.at('past'));
  await refused('cannot_open', () => openEpoch(two, office.inbox.id, insider.gim.ring(), fromBase64Url(second.box ?? '')));

  // The citizen cannot be kept in the dark: the new epoch names a place on a chain he is not shown.
  const told = await waitUntil(scene.asking.state, (state) => problemsOf(state).includes('bad-epoch'));
  expect(textsOf(told)).not.toContain('we go on without him');
  await scene.asking.send('to whom?', 'en');
  const { items } = await delivered(scene.asking);
  const last = items.findLast((item) => item.kind === 'message');
  expect(last).toMatchObject({ text: 'to whom?', delivery: { state: 'failed' } });
  await reads(problem('bad-epoch'));
  if (last?.kind === 'message') await scene.asking.discard(last.messageId);
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
});

async function waitForEpoch({ official, asked }: Scene, epoch: number) {
  await waitUntil(official.messenger.conversation(asked.conversationId).state, ({ items }) =>
    items.some((item) => item.kind === 'readers' && item.epoch === epoch),
  );
  return await official.core.request('conversation:pull', { conversationId: asked.conversationId, after: 0 });
}

attack(38, 'a stolen device that was revoked is let in no more, is believed no more, and opens nothing new', async ({ refused, reads }) => {
  const scene = await Scene.open(evil);
  const { office, asked, citizen, official } = scene;
  const { conversationId } = asked;
  const insider = await Insider.hire(scene);
  const { somebody, line } = insider;
  const [own, stolen] = [somebody.gim.device, createDevice('browser')];
  somebody.gim.admit(stolen);
  await line.request('account:extend', { links: [somebody.newest], inboxLinks: [] });
  somebody.gim.device = stolen;
  const thief = office.elsewhere(somebody);
  await thief.signIn();
  const thiefLine = await thief.connect();
  const [old] = await insider.epochs();
  if (!old) throw new Error('there is an epoch');
  const thiefsRing = office.inbox.ring(somebody.gim);
  somebody.gim.device = own;

  somebody.gim.revoke(stolen.deviceId);
  const revocation = somebody.newest;
  office.inbox.rotate(somebody.gim);
  await line.request('account:extend', { links: [revocation], inboxLinks: [{ inboxId: office.inboxId, link: office.lastLink }] });
  expect(await thiefLine.next('session:ended')).toEqual({ reason: 'revoked' });
  await refused('unauthenticated', async () => {
    const session = await thief.http('GET /api/session');
    if (session === null) await thief.http('POST /api/session/device/options', {});
  });

  await scene.asking.send('after the revocation', 'en');
  await shows(scene.answered, 'Moien', 'after the revocation');
  somebody.gim.device = stolen;
  const late = insider.seal(old, 'by the thief');
  somebody.gim.device = own;
  const before = [await citizen.trust(office.inboxId), await official.trust(office.inboxId)];
  await showEntries(scene, [{ kind: 'message', bytes: late }]);
  for (const { state } of [scene.asking, scene.answered]) {
    expect(textsOf(state.value)).toEqual(['Moien', 'after the revocation']);
    expect(problemsOf(state.value)).toContain('invalid');
  }
  expect([await citizen.trust(office.inboxId), await official.trust(office.inboxId)]).toEqual(before);
  await reads(entry('invalid'));
  await reads(entry('revoked'));
  await reads(alarmed('chain-invalid'));
  evil.lies.recant();

  const { entries } = await official.core.request('conversation:pull', { conversationId, after: 0 });
  const second = entries.findLast((one) => one.kind === 'epoch');
  if (second?.kind !== 'epoch') throw new Error('the citizen has made a new epoch');
  const parties = { citizenId: fromBase64Url(citizen.accountId), inboxId: office.inbox.id };
  const two = verifyEpoch(fromBase64Url(second.link), old.state, parties, office.world.at('past'));
  await refused('cannot_open', () => openEpoch(two, office.inbox.id, thiefsRing, fromBase64Url(second.box ?? '')));
  await refused('not_allowed', () => requireSender(two, { userId: somebody.gim.id, deviceId: stolen.deviceId }, office.world.at('past')));
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
});
