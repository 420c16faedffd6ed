import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { Entry } from '../../server/protocol/conversations.ts';
import { envelopeHash, firstRun, nextRun } from '../../server/protocol/envelope.ts';
import { codeOf } from '../support/refusal.ts';
import { openScene, type Scene, seal } from '../support/scene.ts';
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

function bytesOf(entry: Entry): Uint8Array {
  if (entry.kind === 'message') return fromBase64Url(entry.envelope);
  return fromBase64Url(entry.kind === 'epoch' ? entry.link : entry.event);
}

test('a message goes to everybody who reads the conversation, once, after it is stored', async () => {
  const scene = await openScene(office);
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
  const scene = await openScene(office);
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
  const scene = await openScene(office);
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
  while (scenes.length < 6) scenes.push(await openScene(office));
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
  const [good, bad] = [await openScene(office), await openScene(office)];
  const stranger = toBase64Url(bad.conversation.send(bad.citizen.gim, 'into another conversation'));
  const codes = await Promise.all([
    codeOf(good.citizenLine.request('message:send', { conversationId: good.conversationId, envelope: seal(good, good.citizen) })),
    codeOf(bad.citizenLine.request('message:send', { conversationId: good.conversationId, envelope: stranger })),
    codeOf(bad.citizenLine.request('message:send', { conversationId: bad.conversationId, envelope: seal(good, good.citizen) })),
    codeOf(good.officialLine.request('message:send', { conversationId: good.conversationId, envelope: seal(good, good.official) })),
  ]);
  expect(codes).toEqual(['accepted', 'not_found', 'forbidden', 'accepted']);
});

test('an auditor reads and does not write', async () => {
  const scene = await openScene(office);
  const auditor = await office.addOfficial('auditor');
  const line = await auditor.connect();
  expect((await line.request('conversation:pull', { conversationId: scene.conversationId, after: 0 })).entries).toHaveLength(1);
  expect(await codeOf(line.request('message:send', { conversationId: scene.conversationId, envelope: seal(scene, auditor) }))).toBe(
    'forbidden',
  );
});

test('an envelope of another device, cut short, too long or of another version is refused', async () => {
  const scene = await openScene(office);
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

test('a closed conversation takes no messages, and still says which ones it has', async () => {
  const scene = await openScene(office);
  const { citizen, citizenLine, conversationId } = scene;
  const envelope = seal(scene, citizen);
  await citizenLine.request('message:send', { conversationId, envelope });
  await sql`update conversations set state = 'closed' where conversation_id = ${conversationId}`.execute(server.database);
  expect(await citizenLine.request('message:send', { conversationId, envelope })).toMatchObject({ position: 2 });
  expect(await codeOf(citizenLine.request('message:send', { conversationId, envelope: seal(scene, citizen) }))).toBe('closed');
});
