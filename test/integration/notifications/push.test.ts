import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Line } from '../../support/people.ts';
import { type PushService, startPushService } from '../../support/push-service.ts';
import { codeOf } from '../../support/refusal.ts';
import { openScene, type Scene, seal } from '../../support/scene.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { TestOffice } from '../../support/test-office.ts';

let service: PushService;
let server: TestServer;
let office: TestOffice;
let scene: Scene;

beforeEach(async () => {
  service = await startPushService();
  server = await startTestServer({ deliverPush: service.deliver });
  office = await TestOffice.create(server);
  scene = await openScene(office);
});
afterEach(async () => {
  office.close();
  await server.close();
  await service.close();
});

const subscribe = async (line: Line, name: string): Promise<unknown> =>
  await line.request('push:subscribe', { ...service.subscribe(name), locale: 'lb' });

/** The office writes until a notice has come: that the citizen is gone is known a moment after he went. */
async function officeWritesUntilTold(): Promise<Awaited<ReturnType<PushService['next']>>> {
  const next = service.next();
  const isTold = next.then(() => true);
  do {
    await scene.officialLine.request('message:send', { conversationId: scene.conversationId, envelope: seal(scene, scene.official) });
  } while (!(await Promise.race([isTold, new Promise<false>((resolve) => setTimeout(() => resolve(false), 200))])));
  return await next;
}

test('a browser without an open page is told that there is something new, sealed for it, signed, and with no word of it', async () => {
  await subscribe(scene.citizenLine, 'phone');
  scene.citizenLine.socket.disconnect();
  const { notice, headers } = await officeWritesUntilTold();
  expect(notice).toEqual({ kind: 'message', locale: 'lb' });
  expect(headers).toMatchObject({ 'content-encoding': 'aes128gcm', topic: 'message', urgency: 'normal', ttl: '86400' });
});

test('whoever has signed out is told nothing more, and a browser its service has forgotten is not asked again', async () => {
  await subscribe(scene.citizenLine, 'phone');
  await subscribe(scene.citizenLine, 'phone');
  expect(await countSubscriptions()).toBe(1);
  service.status = 410;
  scene.citizenLine.socket.disconnect();
  await officeWritesUntilTold();
  await expect.poll(countSubscriptions).toBe(0);

  const again = await scene.citizen.connect();
  await subscribe(again, 'tablet');
  expect(await countSubscriptions()).toBe(1);
  await scene.citizen.http('DELETE /api/session');
  expect(await countSubscriptions()).toBe(0);
});

test('of one person five browsers are told, and taking one back makes room', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await subscribe(scene.citizenLine, name);
  expect(await codeOf(subscribe(scene.citizenLine, 'f'))).toBe('bad_state');
  await scene.citizenLine.request('push:unsubscribe', { endpoint: 'https://push.example.org/send/a' });
  await subscribe(scene.citizenLine, 'f');
  // Another's subscription is nobody else's to take back.
  await scene.officialLine.request('push:unsubscribe', { endpoint: 'https://push.example.org/send/f' });
  expect(await countSubscriptions()).toBe(5);
});

test.each([
  'http://push.example.org/x',
  'https://127.0.0.1/x',
  'https://[::1]/x',
  'https://localhost/x',
  'https://push.example.org:8443/x',
  'https://somebody@push.example.org/x',
  'file:///etc/passwd',
  'no address',
])('an address that no push service has is refused: %s', async (endpoint) => {
  const { publicKey, secret } = service.subscribe('phone');
  expect(await codeOf(scene.citizenLine.request('push:subscribe', { endpoint, publicKey, secret, locale: 'en' }))).toBe('bad_request');
});

async function countSubscriptions(): Promise<number> {
  const { length } = await server.database
    .withTables<{ pushSubscriptions: { endpoint: string } }>()
    .selectFrom('pushSubscriptions')
    .select('endpoint')
    .execute();
  return length;
}
