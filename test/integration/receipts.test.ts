import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttp } from '../../client/net/http.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { verifyReceipt } from '../../server/protocol/receipt.ts';
import { expectRefusal } from '../support/crypto-error.ts';
import { openScene, seal } from '../support/scene.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let nodes: readonly [TestServer, TestServer];
let office: TestOffice;

beforeAll(async () => {
  const first = await startTestServer();
  nodes = [first, await startTestServer({ databaseUrl: first.databaseUrl })];
});
afterAll(async () => {
  office.close();
  for (const node of nodes.toReversed()) await node.close();
});

async function keyOf({ origin }: TestServer): Promise<Uint8Array> {
  const { receiptKey } = await createHttp({ origin, fetch })('GET /api/registry');
  return fromBase64Url(receiptKey);
}

test('two nodes that are asked at the same time for the first time name one key', async () => {
  const [one, other] = await Promise.all(nodes.map(keyOf));
  expect(one).toHaveLength(32);
  expect(other).toEqual(one);
});

test('every sender gets a receipt over the run hash at his message, and the same one for a repeat', async () => {
  office = await TestOffice.create(nodes[0]);
  const scene = await openScene(office);
  const { citizen, citizenLine, conversation, conversationId } = scene;
  const elsewhere = await citizen.connect(nodes[1].origin);
  const key = await keyOf(nodes[1]);
  for (const line of [citizenLine, elsewhere]) {
    const envelope = seal(scene, citizen);
    const { position, receipt } = await line.request('message:send', { conversationId, envelope });
    const claim = { conversationId: conversation.id, position, run: fromBase64Url(receipt.run) };
    const signature = fromBase64Url(receipt.signature);
    verifyReceipt(claim, signature, key);
    expectRefusal(() => verifyReceipt({ ...claim, position: position + 1 }, signature, key), 'bad_signature');
    const { entries } = await line.request('conversation:pull', { conversationId, after: position - 1 });
    expect(entries[0]).toMatchObject({ position, run: receipt.run });
    expect(await citizenLine.request('message:send', { conversationId, envelope })).toMatchObject({ position, receipt });
  }
});
