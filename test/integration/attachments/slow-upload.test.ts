import { connect } from 'node:net';
import { setInterval } from 'node:timers';
import { expect, test } from 'vitest';
import { newId } from '../../../server/protocol/ids.ts';
import { openScene } from '../../support/scene.ts';
import { startTestServer } from '../../support/server.ts';
import { TestOffice } from '../../support/test-office.ts';

test('U10 uploads at a hundred bytes a second are closed, and others go through meanwhile', { timeout: 90_000 }, async () => {
  const server = await startTestServer();
  const office = await TestOffice.create(server);
  const { citizen, conversationId } = await openScene(office);
  const headers = { ...citizen.cookies.headers(), 'content-type': 'application/json' };
  const fileId = newId<'file'>();
  const begun = await fetch(`${server.origin}/api/attachments`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ conversationId, fileId, bytes: 100_000 }),
  });
  expect(begun.status).toBe(200);

  const { host, port } = new URL(server.origin);
  const slow = Array.from({ length: 50 }, () => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `PUT /api/attachments/${fileId}/0 HTTP/1.1\r\nhost: ${host}\r\ncookie: ${citizen.cookies.headers()['cookie']}\r\n` +
        'content-type: application/octet-stream\r\ncontent-length: 100000\r\n\r\n',
    );
    const trickle = setInterval(() => void (socket.writable && socket.write('x'.repeat(100))), 1_000);
    return new Promise<void>((resolve) => void socket.once('close', () => resolve())).finally(() => clearInterval(trickle));
  });
  const part = await fetch(`${server.origin}/api/attachments/${fileId}/0`, {
    method: 'PUT',
    headers: { ...citizen.cookies.headers(), 'content-type': 'application/octet-stream' },
    body: new Uint8Array(1_000),
  });
  expect(await part.json()).toEqual({ received: 1_000, isStored: false });
  await Promise.all(slow);

  office.close();
  await server.close();
});
