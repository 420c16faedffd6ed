import { afterAll, beforeAll, expect } from 'vitest';
import { rotateInboxKey } from '../../client/crypto/inbox-keys.ts';
import { createEpoch } from '../../client/crypto/epoch-keys.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { readerOfInbox, readerOfUser, verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import { extendInboxChain } from '../../server/protocol/inbox-chain.ts';
import { alarmed, attack, problem } from './attack.ts';
import { EvilServer } from './evil-server.ts';
import { showEntries } from './forgeries.ts';
import { Insider } from './insider.ts';
import { Scene, sound } from './scene.ts';
import { delivered, problemsOf, shows } from './victim.ts';

let evil: EvilServer;

beforeAll(async () => {
  evil = await EvilServer.start();
});
afterAll(async () => {
  await evil.close();
});

/** The inbox's chain is these links, for everybody who asks. */
function showChain(scene: Scene, links: readonly Uint8Array[], to?: string): void {
  const { inboxId } = scene.office;
  evil.lies.answer(
    'inbox:load',
    (answer, request) =>
      request.inboxId === inboxId ? { links: links.slice(request.afterSeqno).map(toBase64Url), head: links.length } : answer,
    to,
  );
}

attack(5, 'a chain that ends before the removal it once showed is told, and nothing is sealed by it', async ({ reads }) => {
  const scene = await Scene.open(evil);
  const { office, citizen } = scene;
  const insider = await Insider.hire(scene);
  const before = office.inbox.shelf.links.slice();
  await office.removeOfficial(insider.somebody);
  await scene.asking.send('without him', 'en');
  await shows(scene.answered, 'Moien', 'without him');

  const trusted = await citizen.trust(office.inboxId);
  showChain(scene, before);
  await citizen.reload();
  await scene.asking.send('to whom?', 'en');
  const { items } = await delivered(scene.asking);
  const last = items.at(-1);
  expect(citizen.alarms).toEqual(['rollback']);
  expect(last).toMatchObject({ text: 'to whom?', delivery: { state: 'failed' } });
  expect(await citizen.trust(office.inboxId)).toBe(trusted);
  await reads(alarmed('rollback'));
  await reads(problem('cannot-send'));
  if (last?.kind === 'message') await scene.asking.discard(last.messageId);
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
});

attack(6, 'an owner who signs one future for the citizen and another for the office is found out by both', async ({ refused, reads }) => {
  const scene = await Scene.open(evil);
  const { office, citizen, official } = scene;
  const { inbox, owner, world } = office;
  const insider = await Insider.hire(scene);
  const [epoch] = await insider.epochs();
  if (!epoch) throw new Error('there is an epoch');
  // The citizen is up to date before the two pasts part.
  await scene.asking.send('before', 'en');
  await shows(scene.answered, 'Moien', 'before');
  const parted = inbox.state;
  const fork = () =>
    rotateInboxKey({ state: parted, signer: owner.gim.signer, keys: inbox.keys(owner.gim), reason: 'scheduled', user: world.user });
  const forCitizen = fork();
  const asCitizenSeesIt = extendInboxChain(parted, forCitizen.link, world.at('past'));
  inbox.append(fork());
  await office.append(owner);

  showChain(scene, [...inbox.shelf.links.slice(0, -1), forCitizen.link], citizen.name);
  // He seals to the key he was shown; the server, which knows better, would refuse it, and the evil one hands it on.
  const chain = await scene.chainOf(citizen.accountId);
  const readers = [readerOfUser(chain), readerOfInbox(asCitizenSeesIt)];
  const forked = createEpoch({
    conversationId: fromBase64Url(scene.asked.conversationId),
    previous: epoch,
    readers,
    reason: 'newer_key',
    signer: insider.gim.signer,
  });
  await showEntries(scene, [{ kind: 'epoch', bytes: forked.link, box: forked.boxes[1] ?? null, previousBox: forked.prevBox }], [official]);
  expect(problemsOf(scene.answered.state.value)).toContain('bad-epoch');
  await reads(problem('bad-epoch'));
  const parties = { citizenId: fromBase64Url(citizen.accountId), inboxId: inbox.id };
  await refused('broken_chain', () => verifyEpoch(forked.link, epoch.state, parties, world.at('past')));

  evil.lies.invent('epoch:append', () => ({ ok: false, error: { code: 'bad_request', retryable: false, ref: 'evil' } }), citizen.name);
  // The citizen believes his past, as long as it is the only one he sees; then he is shown the other.
  await citizen.reload();
  await scene.asking.send('in another world', 'en');
  await delivered(scene.asking);
  expect(await scene.isTrueTo(citizen)).toBe(false);
  inbox.rotate(owner.gim);
  await office.append(owner);
  const trusted = await citizen.trust(office.inboxId);
  showChain(scene, inbox.shelf.links, citizen.name);
  await citizen.reload();
  await scene.asking.send('to whom?', 'en');
  await delivered(scene.asking);
  expect(citizen.alarms).toContain('rollback');
  expect(await citizen.trust(office.inboxId)).toBe(trusted);
  await reads(alarmed('rollback'));
  await refused('broken_chain', () => extendInboxChain(asCitizenSeesIt, inbox.newest.link, world.at('past')));
  scene.close();
});
