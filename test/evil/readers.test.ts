import { afterAll, beforeAll, expect } from 'vitest';
import { createEpoch } from '../../client/crypto/epoch-keys.ts';
import { openInboxKeys } from '../../client/crypto/inbox-keys.ts';
import { randomBytes } from '../../client/crypto/primitives.ts';
import { seal } from '../../client/crypto/seal.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { addToInboxByForce } from './operator.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { EpochReason } from '../../server/protocol/epoch.ts';
import { readerOfInbox, readerOfUser, type ReaderKey, verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import type { Somebody } from '../support/people.ts';
import { attack, type Findings, problem, says } from './attack.ts';
import { EvilServer } from './evil-server.ts';
import { showEntries } from './forgeries.ts';
import { Insider, type OpenedEpoch } from './insider.ts';
import { Scene, sound } from './scene.ts';
import { delivered, problemsOf, shows, textsOf } from './victim.ts';

let evil: EvilServer;

beforeAll(async () => {
  evil = await EvilServer.start();
});
afterAll(async () => {
  await evil.close();
});

/** An epoch after the last one: shown by the server it is refused by both pages, told, and nothing is written under it. */
async function neverReads(
  scene: Scene,
  before: OpenedEpoch,
  epoch: ReturnType<typeof createEpoch>,
  code: string,
  { refused, reads }: Findings,
): Promise<void> {
  const { citizen, official, office } = scene;
  const [forCitizen, forOffice] = [epoch.boxes[0] ?? null, epoch.boxes[1] ?? null];
  await showEntries(scene, [{ kind: 'epoch', bytes: epoch.link, box: forCitizen, previousBox: epoch.prevBox }], [citizen]);
  await showEntries(scene, [{ kind: 'epoch', bytes: epoch.link, box: forOffice, previousBox: epoch.prevBox }], [official]);
  for (const one of [scene.asking, scene.answered]) {
    expect(problemsOf(one.state.value)).toContain('bad-epoch');
    await one.send('to whom?', 'en');
    const { items } = await delivered(one);
    const last = items.findLast((item) => item.kind === 'message');
    expect(last).toMatchObject({ text: 'to whom?', delivery: { state: 'failed' } });
    if (last?.kind === 'message') await one.discard(last.messageId);
  }
  for (const victim of [citizen, official]) expect(await scene.isTrueTo(victim)).toBe(true);
  await reads(problem('bad-epoch'));
  const parties = { citizenId: fromBase64Url(citizen.accountId), inboxId: office.inbox.id };
  await refused(code, () => verifyEpoch(epoch.link, before.state, parties, office.world.at('past')));
  expect(await scene.goOn()).toEqual(sound);
}

async function epochBy(
  { somebody }: Pick<Insider, 'somebody'>,
  scene: Scene,
  previous: OpenedEpoch,
  { readers, reason = 'newer_key' }: { readonly readers: readonly ReaderKey[]; readonly reason?: EpochReason },
) {
  return createEpoch({ conversationId: fromBase64Url(scene.asked.conversationId), previous, readers, reason, signer: somebody.gim.signer });
}

attack(2, 'an official who stands in the database and in no chain reads nothing, and makes himself no reader', async (findings) => {
  const { refused } = findings;
  const scene = await Scene.open(evil);
  const { office, asked } = scene;
  const insider = await Insider.hire(scene);
  const [epoch] = await insider.epochs();
  if (!epoch) throw new Error('there is an epoch');
  const planted = await office.enrol('official', 'Planted');
  await addToInboxByForce(evil.server.database, office.inboxId, planted.accountId);
  const line = await planted.connect();
  // The server lets him in: it has nothing but ciphertext to give.
  const { entries } = await line.request('conversation:pull', { conversationId: asked.conversationId, after: 0 });
  expect(entries.length).toBeGreaterThan(1);
  const { generations } = await line.request('inbox:load-boxes', { inboxId: office.inboxId });
  const stored = generations.map(({ generation, box, previousBox }) => ({
    generation,
    box: box && fromBase64Url(box),
    prevBox: previousBox && fromBase64Url(previousBox),
  }));
  await refused('cannot_open', () => openInboxKeys(office.inbox.state, planted.gim.id, planted.gim.ring(), stored));
  await scene.asking.send('sealed to the team', 'en');
  await shows(scene.answered, 'Moien', 'sealed to the team');
  const { entries: after } = await line.request('conversation:pull', { conversationId: asked.conversationId, after: 0 });
  expect(after.filter(({ kind }) => kind === 'epoch')).toHaveLength(1);

  const chain = await scene.chainOf(scene.citizen.accountId);
  const readers = [readerOfUser(chain), readerOfUser(planted.gim.state, 'member')];
  const own = await epochBy(
    { somebody: planted },
    scene,
    { ...epoch, keys: { ...epoch.keys, secret: randomBytes(32) } },
    { readers, reason: 'restrict' },
  );
  await neverReads(scene, epoch, own, 'invalid_link', findings);
  await refused(
    'bad_request',
    async () => await line.request('epoch:append', { conversationId: asked.conversationId, epoch: toSignedLink(own) }),
  );
  scene.close();
});

attack(
  20,
  'a box for somebody who is not among the readers is not stored, and changes nothing for the others',
  async ({ refused, reads }) => {
    const scene = await Scene.open(evil);
    const { office, asked } = scene;
    const insider = await Insider.hire(scene);
    const [epoch] = await insider.epochs();
    if (!epoch) throw new Error('there is an epoch');
    const chain = await scene.chainOf(scene.citizen.accountId);
    const outsider = office.world.person();
    const honest = await epochBy(insider, scene, epoch, {
      readers: [readerOfUser(chain), readerOfInbox(office.inbox.state)],
      reason: 'limit',
    });
    const { conversationId } = asked;
    const extra = seal(readerOfUser(outsider.state).kemPk, honest.keys.secret, new Uint8Array());
    const withExtra = { ...honest, boxes: [...honest.boxes, extra] };
    await refused(
      'bad_request',
      async () => await insider.line.request('epoch:append', { conversationId, epoch: toSignedLink(withExtra) }),
    );
    expect(await insider.epochs()).toHaveLength(1);
    await insider.line.request('epoch:append', { conversationId, epoch: toSignedLink(honest) });
    await scene.answered.send('in the new epoch', 'en');
    await shows(scene.asking, 'Moien', 'in the new epoch');
    expect(await insider.epochs()).toHaveLength(2);
    await reads(says('errors.bad_request'));
    expect(await scene.goOn()).toEqual(sound);
    scene.close();
  },
);

attack(21, 'an epoch with a reader nobody knows, or without the citizen, is refused and told', async (findings) => {
  const scene = await Scene.open(evil);
  const { office, asked } = scene;
  const insider = await Insider.hire(scene);
  const [epoch] = await insider.epochs();
  if (!epoch) throw new Error('there is an epoch');
  const chain = await scene.chainOf(scene.citizen.accountId);
  // Known to the server, so that only the rule can refuse him.
  const third: Somebody = await office.addCitizen();
  const [citizen, inbox] = [readerOfUser(chain), readerOfInbox(office.inbox.state)];
  for (const readers of [
    [citizen, inbox, readerOfUser(third.gim.state)],
    [citizen, inbox, readerOfUser(third.gim.state, 'member')],
    [readerOfUser(third.gim.state), inbox],
    [inbox],
  ]) {
    const forged = await epochBy(insider, scene, epoch, { readers, reason: 'limit' });
    const { conversationId } = asked;
    await findings.refused(
      'bad_request',
      async () => await insider.line.request('epoch:append', { conversationId, epoch: toSignedLink(forged) }),
    );
    await neverReads(scene, epoch, forged, 'invalid_link', findings);
  }
  expect(textsOf(scene.asking.state.value)).not.toContain('to whom?');
  scene.close();
});
