import { afterAll, beforeAll, expect } from 'vitest';
import { createEpoch } from '../../client/crypto/epoch-keys.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { encode } from '../../server/protocol/codec.ts';
import { readerOfInbox, readerOfUser, verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import { replayInboxChain } from '../../server/protocol/inbox-chain.ts';
import { limits } from '../../server/protocol/limits.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import { alarmed, attack, problem } from './attack.ts';
import { EvilServer } from './evil-server.ts';
import { showEntries } from './forgeries.ts';
import { Insider } from './insider.ts';
import { Scene, sound } from './scene.ts';
import { delivered, problemsOf } from './victim.ts';

let evil: EvilServer;

beforeAll(async () => {
  evil = await EvilServer.start();
});
afterAll(async () => {
  await evil.close();
});

attack(50, 'a hundred thousand links are refused before the first is looked at', async ({ refused, reads }) => {
  const scene = await Scene.open(evil);
  const { office, official, citizen } = scene;
  const chain = await scene.chainOf(citizen.accountId);
  // Each of them as long as a link that renews a key.
  const many = Array.from({ length: 100_000 }, () => new Uint8Array(64));
  await refused('malformed', () => replayUserChain(many, chain.userId));
  await refused('malformed', () => replayInboxChain(many, office.world.at('past'), office.inbox.id));
  // The root is right and is verified, unless the length is looked at first: then what follows it would be told.
  const [root] = office.owner.gim.shelf.links;
  await refused('malformed', () => replayUserChain(Array.from({ length: limits.linksPerUserChain + 1 }, () => root ?? new Uint8Array())));

  const before = await official.trust(citizen.accountId);
  const padding = toBase64Url(new Uint8Array(64));
  evil.lies.answer(
    'account:load',
    ({ accounts }) => ({
      accounts: accounts.map((account) =>
        account.accountId === citizen.accountId
          ? { ...account, links: [...account.links, ...Array.from({ length: 100_000 }, () => padding)] }
          : account,
      ),
    }),
    official.name,
  );
  await official.reload();
  await scene.answered.send('to whom?', 'en');
  await delivered(scene.answered);
  expect(official.alarms).toEqual(['chain-invalid']);
  expect(await official.trust(citizen.accountId)).toBe(before);
  await reads(alarmed('chain-invalid'));
  expect(await scene.goOn()).toEqual(sound);
  scene.close();
});

attack(50, 'an epoch of more readers than there may be, and a page of more entries, are refused and told', async ({ refused, reads }) => {
  const scene = await Scene.open(evil);
  const { office, asked, citizen, official } = scene;
  const { conversationId } = asked;
  const insider = await Insider.hire(scene);
  const [epoch] = await insider.epochs();
  if (!epoch) throw new Error('there is an epoch');
  const reader = readerOfUser(await scene.chainOf(citizen.accountId));
  const inbox = readerOfInbox(office.inbox.state);
  const crowd = Array.from({ length: 399 }, () => ({ ...inbox, reader: { ...inbox.reader } }));
  const forged = createEpoch({
    conversationId: fromBase64Url(conversationId),
    previous: epoch,
    readers: [reader, inbox, ...crowd],
    reason: 'limit',
    signer: insider.gim.signer,
  });
  const parties = { citizenId: fromBase64Url(citizen.accountId), inboxId: office.inbox.id };
  await refused('malformed', () => verifyEpoch(forged.link, epoch.state, parties, office.world.at('past')));
  const vast = encode([new Uint8Array(10_000 * 112), new Uint8Array(64)]);
  await refused('malformed', () => verifyEpoch(vast, epoch.state, parties, office.world.at('past')));
  await refused(
    'bad_request',
    async () => await insider.line.request('epoch:append', { conversationId, epoch: toSignedLink({ ...forged, boxes: [] }) }),
  );
  await showEntries(scene, [{ kind: 'epoch', bytes: forged.link, box: forged.boxes[0] ?? null, previousBox: forged.prevBox }]);
  for (const { state } of [scene.asking, scene.answered]) expect(problemsOf(state.value)).toContain('bad-epoch');
  await reads(problem('bad-epoch'));
  expect(await scene.goOn()).toEqual(sound);

  evil.lies.answer('conversation:pull', (answer) => {
    const [first] = answer.entries;
    return first ? { ...answer, entries: Array.from({ length: limits.entriesPerPage + 1 }, () => first) } : answer;
  });
  await official.database.deleteAll('entries', '');
  await official.reload();
  const { state } = scene.answered;
  await scene.answered.send('to whom?', 'en');
  await delivered(scene.answered);
  expect(problemsOf(state.value)).toContain('cannot-load');
  await reads(problem('cannot-load'));
  scene.close();
});
