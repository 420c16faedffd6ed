import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RequestError } from '../../client/net/request-error.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { readerOfUser } from '../../server/protocol/epoch-rules.ts';
import { type Base64Url, fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { Entry } from '../../server/protocol/conversations.ts';
import { envelopeHash, firstRun, nextRun } from '../../server/protocol/envelope.ts';
import { type ConversationId, idOf, newId } from '../../server/protocol/ids.ts';
import { Conversation, Person } from '../support/gim-world.ts';
import { type Line, type Somebody, TestOffice } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

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

interface Scene {
  readonly citizen: Somebody;
  readonly official: Somebody;
  readonly citizenLine: Line;
  readonly officialLine: Line;
  readonly conversation: Conversation;
  readonly conversationId: ConversationId;
}

async function openScene(): Promise<Scene> {
  const [citizen, official] = [await office.addCitizen(), await office.addOfficial()];
  const [citizenLine, officialLine] = [await citizen.connect(), await official.connect()];
  return { citizen, official, citizenLine, officialLine, ...(await office.open(citizen, citizenLine)) };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof RequestError ? error.code : String(error)),
  );
}

function bytesOf(entry: Entry): Uint8Array {
  if (entry.kind === 'message') return fromBase64Url(entry.envelope);
  return fromBase64Url(entry.kind === 'epoch' ? entry.link : entry.event);
}

function seal({ conversation }: Scene, by: Somebody, text = 'Moien'): Base64Url {
  return toBase64Url(conversation.send(by.gim, text));
}

test('a citizen opens a conversation: he and the officials get its first epoch, each with his own box', async () => {
  const { citizenLine, officialLine, conversation, conversationId } = await openScene();
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
  const { citizenLine, conversation, conversationId, citizen } = await openScene();
  const request = { conversationId, serviceId: office.serviceId, epoch: toSignedLink(conversation.current.sealed) };
  expect(await citizenLine.request('conversation:open', request)).toMatchObject({ conversationId, head: 1 });
  const again = new Conversation(citizen.gim, office.inbox);
  Object.assign(again, { id: conversation.id, epochs: [] });
  expect(
    await codeOf(citizenLine.request('conversation:open', { ...request, epoch: toSignedLink(again.draftEpoch(citizen.gim, 'opened')) })),
  ).toBe('conflict');
});

test('a message goes to everybody who reads the conversation, once, after it is stored', async () => {
  const scene = await openScene();
  const { citizen, citizenLine, officialLine, conversationId } = scene;
  const envelope = seal(scene, citizen);
  const { position, acceptedAt } = await citizenLine.request('message:send', { conversationId, envelope });
  expect(position).toBe(2);
  const told = await officialLine.next('conversation:advanced', (fact) => fact.conversationId === conversationId && fact.head === 2);
  expect(told.entries).toEqual([{ position: 2, kind: 'message', acceptedAt, run: expect.any(String), envelope }]);
  const { rows } = await sql<{
    bytes: Uint8Array;
  }>`select bytes from entries where conversation_id = ${conversationId} and position = 2`.execute(server.database);
  expect(toBase64Url(rows[0]!.bytes)).toBe(envelope);
});

test('both sides answer each other, and the run hash covers every entry in order', async () => {
  const scene = await openScene();
  const { citizen, official, citizenLine, officialLine, conversationId, conversation } = scene;
  for (const [line, somebody] of [
    [citizenLine, citizen],
    [officialLine, official],
    [citizenLine, citizen],
  ] as const) {
    await line.request('message:send', { conversationId, envelope: seal(scene, somebody) });
  }
  const { entries } = await officialLine.request('conversation:pull', { conversationId, after: 0 });
  expect(entries.map(({ position, kind }) => [position, kind])).toEqual([
    [1, 'epoch'],
    [2, 'message'],
    [3, 'message'],
    [4, 'message'],
  ]);
  let run = firstRun(conversation.id);
  for (const entry of entries) {
    run = nextRun(run, entry.position, envelopeHash(bytesOf(entry)));
    expect(entry.run).toBe(toBase64Url(run));
  }
});

test('one message sent fifty times at once has one position; its id with another text is a conflict', async () => {
  const scene = await openScene();
  const { citizen, citizenLine, conversationId, conversation } = scene;
  const messageId = crypto.getRandomValues(new Uint8Array(16));
  const envelope = toBase64Url(conversation.send(citizen.gim, 'once', conversation.current, messageId));
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => await citizenLine.request('message:send', { conversationId, envelope })),
  );
  expect(new Set(answers.map(({ position }) => position))).toEqual(new Set([2]));
  const changed = toBase64Url(conversation.send(citizen.gim, 'twice', conversation.current, messageId));
  expect(await codeOf(citizenLine.request('message:send', { conversationId, envelope: changed }))).toBe('conflict');
  expect((await citizenLine.request('conversation:pull', { conversationId, after: 0 })).conversation.head).toBe(2);
});

test('messages of many conversations sent at once are all stored, each in its order without a gap', async () => {
  const scenes: Scene[] = [];
  while (scenes.length < 6) scenes.push(await openScene());
  await Promise.all(
    scenes.flatMap((scene) =>
      Array.from({ length: 8 }, async (_, index) => {
        const [line, somebody] = index % 2 === 0 ? [scene.citizenLine, scene.citizen] : [scene.officialLine, scene.official];
        await line.request('message:send', { conversationId: scene.conversationId, envelope: seal(scene, somebody, `number ${index}`) });
      }),
    ),
  );
  for (const { citizenLine, conversationId } of scenes) {
    const { entries } = await citizenLine.request('conversation:pull', { conversationId, after: 0 });
    expect(entries.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
});

test('in a batch, one message that is refused does not hold up the others', async () => {
  const [good, bad] = [await openScene(), await openScene()];
  const stranger = toBase64Url(bad.conversation.send(bad.citizen.gim, 'into another conversation'));
  const codes = await Promise.all([
    codeOf(good.citizenLine.request('message:send', { conversationId: good.conversationId, envelope: seal(good, good.citizen) })),
    codeOf(bad.citizenLine.request('message:send', { conversationId: good.conversationId, envelope: stranger })),
    codeOf(bad.citizenLine.request('message:send', { conversationId: bad.conversationId, envelope: seal(good, good.citizen) })),
    codeOf(good.officialLine.request('message:send', { conversationId: good.conversationId, envelope: seal(good, good.official) })),
  ]);
  expect(codes).toEqual(['accepted', 'not_found', 'forbidden', 'accepted']);
});

test('after a newer epoch, a message in the old one is stale', async () => {
  const scene = await openScene();
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
  const { citizen, official, citizenLine, officialLine, conversation, conversationId } = await openScene();
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
  const scene = await openScene();
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
  const { citizen, citizenLine, conversation, conversationId } = await openScene();
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

test('conversations of others do not exist, for every command', async () => {
  const { citizen, conversation, conversationId } = await openScene();
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
  const { conversationId } = await openScene();
  for (const somebody of [await office.enrol('supervisor'), await office.enrol('admin'), office.owner]) {
    const line = await somebody.connect();
    expect(await codeOf(line.request('conversation:pull', { conversationId, after: 0 }))).toBe('forbidden');
    expect(await codeOf(line.request('conversation:list', {}))).toBe('forbidden');
  }
});

test('an auditor reads and does not write', async () => {
  const scene = await openScene();
  const auditor = await office.addOfficial('auditor');
  const line = await auditor.connect();
  expect((await line.request('conversation:pull', { conversationId: scene.conversationId, after: 0 })).entries).toHaveLength(1);
  expect(await codeOf(line.request('message:send', { conversationId: scene.conversationId, envelope: seal(scene, auditor) }))).toBe(
    'forbidden',
  );
});

test('an envelope of another device, cut short, too long or of another version is refused', async () => {
  const scene = await openScene();
  const { citizen, official, citizenLine, conversationId } = scene;
  const send = async (bytes: Uint8Array): Promise<string> =>
    await codeOf(citizenLine.request('message:send', { conversationId, envelope: toBase64Url(bytes) }));
  expect(await send(fromBase64Url(seal(scene, official)))).toBe('forbidden');
  const sound = fromBase64Url(seal(scene, citizen));
  expect(await send(sound.subarray(0, sound.length - 1))).toBe('bad_request');
  expect(await send(new Uint8Array([...sound, 0]))).toBe('bad_request');
  expect(await send(new Uint8Array(1))).toBe('bad_request');
  expect(await send(new Uint8Array(32 * 1024 + 1))).toBe('bad_request');
  expect(await send(sound)).toBe('accepted');
});

test('pulling goes page by page and answers any position', async () => {
  const scene = await openScene();
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
  const scene = await openScene();
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

test('a closed conversation takes no messages, and still says which ones it has', async () => {
  const scene = await openScene();
  const { citizen, citizenLine, conversationId } = scene;
  const envelope = seal(scene, citizen);
  await citizenLine.request('message:send', { conversationId, envelope });
  await sql`update conversations set state = 'closed' where conversation_id = ${conversationId}`.execute(server.database);
  expect(await citizenLine.request('message:send', { conversationId, envelope })).toMatchObject({ position: 2 });
  expect(await codeOf(citizenLine.request('message:send', { conversationId, envelope: seal(scene, citizen) }))).toBe('closed');
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
