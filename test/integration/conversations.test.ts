import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toSignedLink } from '../../client/net/wire.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { idOf, newId } from '../../server/protocol/ids.ts';
import { Conversation } from '../support/gim-world.ts';
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

test('a citizen opens a conversation: he and the officials get its first epoch, each with his own box', async () => {
  const { citizenLine, officialLine, conversation, conversationId } = await openScene(office);
  const { sealed } = conversation.current;
  const [forCitizen, forOfficial] = await Promise.all(
    [citizenLine, officialLine].map(async (line) => await line.request('conversation:pull', { conversationId, after: 0 })),
  );
  expect(forCitizen?.entries).toEqual([
    {
      position: 1,
      kind: 'epoch',
      acceptedAt: expect.any(Number),
      run: expect.any(String),
      link: toBase64Url(sealed.link),
      box: toBase64Url(sealed.boxes[0]!),
      previousBox: null,
    },
  ]);
  expect(forOfficial?.entries).toMatchObject([{ position: 1, box: toBase64Url(sealed.boxes[1]!) }]);
  expect(forCitizen?.conversation).toMatchObject({
    conversationId,
    officeId: office.officeId,
    inboxId: office.inboxId,
    state: 'open',
    head: 1,
    epoch: 1,
  });
  expect(forCitizen?.conversation.reference).toMatch(/^20\d\d-\d{4,}-[A-Z]$/);
  expect(await officialLine.next('conversation:changed', (fact) => fact.conversation.conversationId === conversationId)).toMatchObject({
    conversation: { readPosition: 0 },
  });
});

test('opening the same conversation twice is answered alike; its id for another one is a conflict', async () => {
  const { citizenLine, conversation, conversationId, citizen } = await openScene(office);
  const request = { conversationId, serviceId: office.serviceId, epoch: toSignedLink(conversation.current.sealed) };
  expect(await citizenLine.request('conversation:open', request)).toMatchObject({ conversationId, head: 1 });
  const again = new Conversation(citizen.gim, office.inbox);
  Object.assign(again, { id: conversation.id, epochs: [] });
  expect(
    await codeOf(citizenLine.request('conversation:open', { ...request, epoch: toSignedLink(again.draftEpoch(citizen.gim, 'opened')) })),
  ).toBe('conflict');
});

test('conversations of others do not exist, for every command', async () => {
  const { citizen, conversation, conversationId } = await openScene(office);
  const curious = await office.addCitizen();
  const [curiousLine, enrolledLine] = [await curious.connect(), await (await office.enrol()).connect()];
  const envelope = toBase64Url(conversation.send(curious.gim, 'hello'));
  const epoch = toSignedLink(conversation.draftEpoch(curious.gim, 'limit'));
  for (const line of [curiousLine, enrolledLine]) {
    expect(await codeOf(line.request('conversation:pull', { conversationId, after: 0 }))).toBe('not_found');
    expect(await codeOf(line.request('conversation:mark-read', { conversationId, position: 1 }))).toBe('not_found');
    expect((await line.request('conversation:list', {})).conversations).toEqual([]);
  }
  expect(await codeOf(curiousLine.request('message:send', { conversationId, envelope }))).toBe('not_found');
  expect(await codeOf(curiousLine.request('epoch:append', { conversationId, epoch }))).toBe('not_found');
  expect(await codeOf(curiousLine.request('conversation:pull', { conversationId: newId(), after: 0 }))).toBe('not_found');
  expect(citizen.accountId).not.toBe(curious.accountId);
});

test('supervisors, administrators and owners read no conversation', async () => {
  const { conversationId } = await openScene(office);
  for (const somebody of [await office.enrol('supervisor'), await office.enrol('admin'), office.owner]) {
    const line = await somebody.connect();
    expect(await codeOf(line.request('conversation:pull', { conversationId, after: 0 }))).toBe('forbidden');
    expect(await codeOf(line.request('conversation:list', {}))).toBe('forbidden');
  }
});

test('pulling goes page by page and answers any position', async () => {
  const scene = await openScene(office);
  const { citizenLine, conversationId } = scene;
  // As many entries as need a second page, straight into the table: what is tested is reading.
  await sql`
    insert into entries (conversation_id, position, kind, bytes, run, accepted_at)
    select ${conversationId}, position, 'event', '{}', '\\x00', now() from generate_series(2, 450) as position`.execute(server.database);
  await sql`update conversations set head = 450 where conversation_id = ${conversationId}`.execute(server.database);
  const pages = [];
  for (let after = 0; after < 450;) {
    const { entries } = await citizenLine.request('conversation:pull', { conversationId, after });
    pages.push(entries.length);
    after = entries.at(-1)?.position ?? Infinity;
  }
  expect(pages).toEqual([200, 200, 50]);
  expect((await citizenLine.request('conversation:pull', { conversationId, after: 2 ** 31 - 1 })).entries).toEqual([]);
  for (const after of [-1, 1.5, 2 ** 53, '1', null])
    expect(await codeOf(citizenLine.request('conversation:pull', { conversationId, after: after as number }))).toBe('bad_request');
});

test('read positions go forward only, never beyond the head, and the other side is told', async () => {
  const scene = await openScene(office);
  const { citizen, citizenLine, officialLine, conversationId } = scene;
  await citizenLine.request('message:send', { conversationId, envelope: seal(scene, citizen) });
  expect(await officialLine.request('conversation:mark-read', { conversationId, position: 99 })).toEqual({ position: 2 });
  expect(await officialLine.request('conversation:mark-read', { conversationId, position: 1 })).toEqual({ position: 2 });
  expect(await citizenLine.next('conversation:read', (fact) => fact.conversationId === conversationId)).toEqual({
    conversationId,
    otherReadPosition: 2,
  });
  const [citizens, officials] = [await citizenLine.request('conversation:list', {}), await officialLine.request('conversation:list', {})];
  expect(citizens.conversations).toMatchObject([{ conversationId, readPosition: 0, otherReadPosition: 2 }]);
  expect(officials.conversations.find((view) => view.conversationId === conversationId)).toMatchObject({
    readPosition: 2,
    otherReadPosition: 0,
  });
});

test("a conversation with a service that does not exist, or sealed to another inbox than its office's, is not opened", async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const elsewhere = await TestOffice.create(server, { name: 'taxes' });
  const conversation = new Conversation(citizen.gim, office.inbox);
  const request = { conversationId: idOf<'conversation'>(conversation.id), epoch: toSignedLink(conversation.current.sealed) };
  expect(await codeOf(line.request('conversation:open', { ...request, serviceId: 'nothing' as typeof office.serviceId }))).toBe(
    'not_found',
  );
  expect(await codeOf(line.request('conversation:open', { ...request, serviceId: elsewhere.serviceId }))).toBe('bad_request');
  elsewhere.close();
});
