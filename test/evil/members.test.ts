import { afterAll, beforeAll, expect } from 'vitest';
import { addMember, openInboxKeys, signInboxLink } from '../../client/crypto/inbox-keys.ts';
import { createGeneration, type SealedLink } from '../../client/crypto/generation-keys.ts';
import { openEpoch } from '../../client/crypto/epoch-keys.ts';
import { coSignLink } from '../../client/crypto/sign-link.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { extendInboxChain } from '../../server/protocol/inbox-chain.ts';
import { checkEnvelope } from '../../server/protocol/envelope.ts';
import { verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import { currentMembers } from '../../server/protocol/inbox-state.ts';
import { currentGeneration } from '../../server/protocol/user-state.ts';
import type { Somebody } from '../support/people.ts';
import { alarmed, attack, entry, type Findings, problem } from './attack.ts';
import { EvilServer } from './evil-server.ts';
import { showEntries, showLink } from './forgeries.ts';
import { Insider } from './insider.ts';
import { Scene, sound } from './scene.ts';
import { delivered, problemsOf, shows, textsOf } from './victim.ts';

let evil: EvilServer;

beforeAll(async () => {
  evil = await EvilServer.start();
});
afterAll(async () => {
  await evil.close();
});

/** The link is refused by the server when somebody sends it, and by the citizen's page when the server shows it all the same. */
async function neverAccepted(
  scene: Scene,
  { by, link, code, answer }: { readonly by: Somebody; readonly link: SealedLink; readonly code: string; readonly answer: string },
  { refused, reads }: Findings,
): Promise<void> {
  const { citizen, office } = scene;
  await citizen.reload();
  const before = await citizen.trust(office.inboxId);
  showLink(scene, office.inboxId, link.link);
  await scene.asking.send('to whom?', 'en');
  const { items } = await delivered(scene.asking);
  const last = items.at(-1);
  expect(citizen.alarms).toEqual(['chain-invalid']);
  expect(last).toMatchObject({ kind: 'message', text: 'to whom?', delivery: { state: 'failed' } });
  expect(problemsOf(scene.asking.state.value)).toContain('cannot-send');
  expect(await citizen.trust(office.inboxId)).toBe(before);
  expect(textsOf(scene.answered.state.value)).not.toContain('to whom?');
  await reads(alarmed('chain-invalid'));
  await reads(problem('cannot-send'));
  await refused(code, () => extendInboxChain(office.inbox.state, link.link, office.world.at('past')));

  const line = await by.connect();
  await refused(answer, async () => await line.request('inbox:append', { inboxId: office.inboxId, link: toSignedLink(link) }));
  line.socket.disconnect();
  if (last?.kind === 'message') await scene.asking.discard(last.messageId);
  expect(await scene.goOn()).toEqual(sound);
}

attack(3, 'a member who adds somebody, and an admin after his demotion, are refused', async (findings) => {
  const scene = await Scene.open(evil);
  const { office } = scene;
  const { inbox, world, owner } = office;
  const [member, admin] = [await office.addOfficial('member'), await office.addOfficial('admin')];
  const newcomer = await office.enrol('official', 'Newcomer');
  const addedBy = ({ gim }: Somebody) =>
    addMember({ state: inbox.state, signer: gim.signer, keys: inbox.keys(gim), member: newcomer.gim.state, role: 'member' });

  await neverAccepted(scene, { by: member, link: addedBy(member), code: 'not_allowed', answer: 'forbidden' }, findings);

  const demotion = { type: 'change_role' as const, userId: admin.gim.id, role: 'member' as const, coSigners: [] };
  inbox.append({ link: signInboxLink(inbox.state, owner.gim.signer, demotion), boxes: [], prevBox: null });
  await office.append(owner);
  expect(currentMembers(inbox.state).find(({ userId }) => world.user(userId) === admin.gim.state)?.role).toBe('member');
  await neverAccepted(scene, { by: admin, link: addedBy(admin), code: 'not_allowed', answer: 'forbidden' }, findings);
  scene.close();
});

attack(4, 'where two must sign, one owner alone, or twice, adds nobody', async (findings) => {
  const scene = await Scene.open(evil, { coOwners: 1, policy: { addsRequire: 2, requirePrf: false } });
  const { office } = scene;
  const { inbox, owner } = office;
  const newcomer = await office.enrol('official', 'Newcomer');
  const { gim } = owner;
  const signed = (...coSigners: { userId: Uint8Array; deviceId: Uint8Array }[]) =>
    addMember({ state: inbox.state, signer: gim.signer, keys: inbox.keys(gim), member: newcomer.gim.state, role: 'member', coSigners });
  const twice = signed({ userId: gim.id, deviceId: gim.device.deviceId });

  await neverAccepted(scene, { by: owner, link: signed(), code: 'bad_signature', answer: 'forbidden' }, findings);
  const doubled = { ...twice, link: coSignLink(twice.link, gim.device) };
  await neverAccepted(scene, { by: owner, link: doubled, code: 'bad_signature', answer: 'forbidden' }, findings);
  scene.close();
});

attack(15, 'a removal that gives the others no new key, or gives it to the removed too, is none', async (findings) => {
  const scene = await Scene.open(evil);
  const { office } = scene;
  const { inbox, world, owner } = office;
  const removed = await office.addOfficial();
  const keys = inbox.keys(owner.gim);
  const recipients = currentMembers(inbox.state).map(({ userId }) => {
    const user = world.user(userId);
    if (!user) throw new Error('everybody is known');
    const { generation, kemPk } = currentGeneration(user);
    return { recipient: userId, recipientGeneration: generation, kemPk };
  });
  const { link: ptk, ...rest } = createGeneration('ptk', inbox.id, recipients, { generation: 2, previous: keys });
  const link = signInboxLink(inbox.state, owner.gim.signer, { type: 'remove_member', userId: removed.gim.id, ptk });
  await neverAccepted(scene, { by: owner, link: { ...rest, link }, code: 'invalid_link', answer: 'bad_request' }, findings);
  scene.close();
});

attack(
  12,
  'a removed official gets nothing more from the server, and cannot open what he is given all the same',
  async ({ refused, reads }) => {
    const scene = await Scene.open(evil);
    const { office, asked } = scene;
    const { conversationId } = asked;
    const insider = await Insider.hire(scene);
    expect(await insider.epochs()).toHaveLength(1);
    await office.removeOfficial(insider.somebody);
    await scene.asking.send('without him', 'en');
    await shows(scene.answered, 'Moien', 'without him');
    await refused('not_found', async () => await insider.line.request('conversation:pull', { conversationId, after: 0 }));
    await refused('not_found', async () => await insider.line.request('inbox:load-boxes', { inboxId: office.inboxId }));

    // What somebody who is still there gets, put into his hands.
    const stored = await scene.official.core.request('conversation:pull', { conversationId, after: 0 });
    const link = stored.entries.find((one) => one.kind === 'epoch' && one.position > 1);
    if (link?.kind !== 'epoch') throw new Error('the citizen has made a new epoch');
    const { generations } = await scene.official.core.request('inbox:load-boxes', { inboxId: office.inboxId });
    const given = generations.map(({ generation, box, previousBox }) => ({
      generation,
      box: box && fromBase64Url(box),
      prevBox: previousBox && fromBase64Url(previousBox),
    }));
    await refused('cannot_open', () => openInboxKeys(inboxStateOf(scene), insider.gim.id, insider.gim.ring(), given));
    const parties = { citizenId: fromBase64Url(scene.citizen.accountId), inboxId: office.inbox.id };
    const [first] = stored.entries;
    if (first?.kind !== 'epoch') throw new Error('a conversation begins with an epoch');
    const one = verifyEpoch(fromBase64Url(first.link), null, parties, office.world.at('past'));
    const two = verifyEpoch(fromBase64Url(link.link), one, parties, office.world.at('past'));
    await refused('cannot_open', () => openEpoch(two, office.inbox.id, insider.gim.ring(), fromBase64Url(link.box ?? '')));
    await reads(problem('no-keys'));
    scene.close();
  },
);

const inboxStateOf = ({ office }: Scene) => office.inbox.state;

attack(13, 'what a removed official writes in the old epoch after the new one is shown by nobody', async ({ refused, reads }) => {
  const scene = await Scene.open(evil);
  const { office, asked, citizen, official } = scene;
  const insider = await Insider.hire(scene);
  const [old] = await insider.epochs();
  if (!old) throw new Error('there is an epoch');
  await office.removeOfficial(insider.somebody);
  await scene.asking.send('without him', 'en');
  await shows(scene.answered, 'Moien', 'without him');
  const bytes = insider.seal(old, 'back-dated');
  await refused(
    'forbidden',
    async () => await insider.line.request('message:send', { conversationId: asked.conversationId, envelope: toBase64Url(bytes) }),
  ).catch(() => undefined);

  const before = [await citizen.trust(), await official.trust()];
  await showEntries(scene, [{ kind: 'message', bytes }]);
  for (const one of [scene.asking, scene.answered]) {
    expect(textsOf(one.state.value)).toEqual(['Moien', 'without him']);
    expect(problemsOf(one.state.value)).toContain('invalid');
  }
  expect([await citizen.trust(), await official.trust()]).toEqual(before);
  await reads(entry('invalid'));
  const parties = { citizenId: fromBase64Url(citizen.accountId), inboxId: office.inbox.id };
  const { entries } = await official.core.request('conversation:pull', { conversationId: asked.conversationId, after: 0 });
  const second = entries.filter((one) => one.kind === 'epoch').at(-1);
  const state = verifyEpoch(fromBase64Url(second?.kind === 'epoch' ? second.link : ''), old.state, parties, office.world.at('past'));
  await refused('stale_key', () => checkEnvelope(bytes, state, office.world.at('past')));
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
});
