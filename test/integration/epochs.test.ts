import { afterAll, beforeAll, expect, test } from 'vitest';
import { toSignedLink } from '../../client/net/wire.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { readerOfUser } from '../../server/protocol/epoch-rules.ts';
import { Person } from '../support/gim-world.ts';
import { codeOf } from '../support/refusal.ts';
import { openScene, seal } from '../support/scene.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;

beforeAll(async () => {
  server = await startTestServer();
  office = await TestOffice.create(server);
});
afterAll(async () => {
  office.close();
  await server.close();
});

test('after a newer epoch, a message in the old one is stale', async () => {
  const scene = await openScene(office);
  const { citizen, citizenLine, officialLine, official, conversation, conversationId } = scene;
  const old = conversation.current;
  const { sealed } = conversation.reEpoch(citizen.gim, 'limit');
  expect(await citizenLine.request('epoch:append', { conversationId, epoch: toSignedLink(sealed) })).toEqual({ position: 2 });
  expect(await citizenLine.request('epoch:append', { conversationId, epoch: toSignedLink(sealed) })).toEqual({ position: 2 });
  const told = await officialLine.next('conversation:advanced', (fact) => fact.conversationId === conversationId && fact.head === 2);
  expect(told.entries).toMatchObject([
    { kind: 'epoch', link: toBase64Url(sealed.link), box: toBase64Url(sealed.boxes[1]!), previousBox: toBase64Url(sealed.prevBox!) },
  ]);
  expect(
    await codeOf(
      officialLine.request('message:send', { conversationId, envelope: toBase64Url(conversation.send(official.gim, 'late', old)) }),
    ),
  ).toBe('stale_epoch');
  expect(await codeOf(officialLine.request('message:send', { conversationId, envelope: seal(scene, official) }))).toBe('accepted');
});

test('of two epochs sent at the same time one is stored and the other is a conflict', async () => {
  const { citizen, official, citizenLine, officialLine, conversation, conversationId } = await openScene(office);
  const drafts = [
    toSignedLink(conversation.draftEpoch(citizen.gim, 'limit')),
    toSignedLink(conversation.draftEpoch(official.gim, 'limit')),
  ];
  const codes = await Promise.all(
    [citizenLine, officialLine].map(
      async (line, index) => await codeOf(line.request('epoch:append', { conversationId, epoch: drafts[index]! })),
    ),
  );
  expect(codes.toSorted()).toEqual(['accepted', 'conflict']);
});

test('when an official has been removed, nothing is sealed to the old key any more, and he reads nothing new', async () => {
  const scene = await openScene(office);
  const { citizen, official, citizenLine, officialLine, conversation, conversationId } = scene;
  const other = await office.addOfficial();
  const otherLine = await other.connect();
  await office.removeOfficial(official);
  expect(await codeOf(citizenLine.request('message:send', { conversationId, envelope: seal(scene, citizen) }))).toBe('stale_epoch');
  expect(await codeOf(officialLine.request('message:send', { conversationId, envelope: seal(scene, official) }))).toBe('not_found');
  const { sealed } = conversation.reEpoch(citizen.gim);
  await citizenLine.request('epoch:append', { conversationId, epoch: toSignedLink(sealed) });
  await citizenLine.request('message:send', { conversationId, envelope: seal(scene, citizen) });
  await otherLine.next('conversation:advanced', (fact) => fact.conversationId === conversationId && fact.head === 3);
  expect(await codeOf(officialLine.request('conversation:pull', { conversationId, after: 0 }))).toBe('not_found');
  expect(officialLine.told('conversation:advanced').filter((fact) => fact.conversationId === conversationId && fact.head > 1)).toEqual([]);
});

test('an epoch that leaves somebody out, adds a stranger, or comes with other boxes, is refused', async () => {
  const { citizen, citizenLine, conversation, conversationId } = await openScene(office);
  const stranger = new Person();
  const alone = conversation.draftEpoch(citizen.gim, 'limit', [readerOfUser(citizen.gim.state)]);
  const crowded = conversation.draftEpoch(citizen.gim, 'limit', [readerOfUser(citizen.gim.state), readerOfUser(stranger.state, 'member')]);
  const sound = toSignedLink(conversation.draftEpoch(citizen.gim, 'limit'));
  const send = async (epoch: typeof sound): Promise<string> => await codeOf(citizenLine.request('epoch:append', { conversationId, epoch }));
  expect(await send(toSignedLink(alone))).toBe('bad_request');
  expect(await send(toSignedLink(crowded))).toBe('bad_request');
  expect(await send({ ...sound, boxes: sound.boxes.toReversed() })).toBe('bad_request');
  expect(await send({ ...sound, previousBox: null })).toBe('bad_request');
  expect(await send(sound)).toBe('accepted');
});
