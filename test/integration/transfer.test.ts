import { afterAll, beforeAll, expect, test } from 'vitest';
import { toSignedLink } from '../../client/net/wire.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { readerOfInbox, readerOfUser } from '../../server/protocol/epoch-rules.ts';
import { codeOf } from '../support/refusal.ts';
import { openScene } from '../support/scene.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let here: TestOffice;
let there: TestOffice;

beforeAll(async () => {
  server = await startTestServer();
  here = await TestOffice.create(server);
  there = await TestOffice.create(server, { name: 'land-registry', world: here.world });
});
afterAll(async () => {
  here.close();
  there.close();
  await server.close();
});

test('a case that is handed over belongs to the other office: its team reads all of it, the one before nothing new', async () => {
  const { citizen, official, citizenLine, officialLine, conversation, conversationId } = await openScene(here);
  const clerk = await there.addOfficial();
  const clerkLine = await clerk.connect();
  expect(await codeOf(clerkLine.request('conversation:pull', { conversationId, after: 0 }))).toBe('not_found');
  const readers = [readerOfUser(citizen.gim.state), readerOfInbox(there.inbox.state)];
  const sealed = conversation.draftEpoch(official.gim, 'transfer', readers);
  const epoch = toSignedLink(sealed);
  await officialLine.request('epoch:append', { conversationId, epoch });
  conversation.epochs.push({ state: conversation.verify(sealed.link), keys: sealed.keys, sealed });

  const changed = await citizenLine.next('conversation:changed', ({ conversation: view }) => view.officeId === there.officeId);
  expect(changed.conversation).toMatchObject({ conversationId, inboxId: there.inboxId, epoch: 2 });
  const told = await officialLine.next('conversation:advanced', (fact) => fact.conversationId === conversationId && fact.head === 2);
  expect(told.entries).toMatchObject([{ kind: 'epoch', link: epoch.link, box: null }]);
  expect(await codeOf(officialLine.request('conversation:pull', { conversationId, after: 0 }))).toBe('not_found');
  expect((await officialLine.request('conversation:list', {})).conversations).toEqual([]);

  const { conversation: view, entries } = await clerkLine.request('conversation:pull', { conversationId, after: 0 });
  expect(view).toMatchObject({ officeId: there.officeId, inboxId: there.inboxId });
  expect(entries).toMatchObject([
    { kind: 'epoch', box: null },
    { kind: 'epoch', box: epoch.boxes[1], previousBox: epoch.previousBox },
  ]);
  const sent = await clerkLine.request('message:send', {
    conversationId,
    envelope: toBase64Url(conversation.send(clerk.gim, 'We have it now')),
  });
  expect(sent.position).toBe(3);
  await citizenLine.next('conversation:advanced', (fact) => fact.conversationId === conversationId && fact.head === 3);
  expect(officialLine.told('conversation:advanced').filter((fact) => fact.conversationId === conversationId && fact.head > 2)).toEqual([]);
});

test('neither the citizen nor the other office takes a case, and none goes to an inbox that is no office’s', async () => {
  const { citizen, official, citizenLine, officialLine, conversation, conversationId } = await openScene(here);
  const clerk = await there.addOfficial();
  const clerkLine = await clerk.connect();
  const readers = [readerOfUser(citizen.gim.state), readerOfInbox(there.inbox.state)];
  const byCitizen = toSignedLink(conversation.draftEpoch(citizen.gim, 'transfer', readers));
  expect(await codeOf(citizenLine.request('epoch:append', { conversationId, epoch: byCitizen }))).toBe('forbidden');
  const byClerk = toSignedLink(conversation.draftEpoch(clerk.gim, 'transfer', readers));
  expect(await codeOf(clerkLine.request('epoch:append', { conversationId, epoch: byClerk }))).toBe('not_found');
  const nowhere = here.world.inbox(here.owner.gim);
  const astray = toSignedLink(
    conversation.draftEpoch(official.gim, 'transfer', [readerOfUser(citizen.gim.state), readerOfInbox(nowhere.state)]),
  );
  expect(await codeOf(officialLine.request('epoch:append', { conversationId, epoch: astray }))).toBe('not_found');
  const { conversation: view } = await officialLine.request('conversation:pull', { conversationId, after: 0 });
  expect(view).toMatchObject({ head: 1, officeId: here.officeId });
});
