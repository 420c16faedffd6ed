import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { connectSfu } from '../../server/calls/sfu-client.ts';
import { createLog } from '../../server/platform/log.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';

describe('the control channel of the sfu', () => {
  let sfu: TestSfu;

  beforeAll(async () => {
    sfu = await startTestSfu();
  });

  afterAll(async () => await sfu.close());

  async function refusedWith(authorization: string | undefined): Promise<number | undefined> {
    const socket = new WebSocket(sfu.url, authorization === undefined ? {} : { headers: { authorization } });
    socket.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.once('open', () => resolve(undefined));
    const status = await promise;
    socket.terminate();
    return status;
  }

  test('only who knows the secret gets in', async () => {
    for (const authorization of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Bearer ${sfu.secret}x`,
      `Bearer ${sfu.secret.slice(0, -1)}`,
      `Basic ${sfu.secret}`,
    ])
      expect(await refusedWith(authorization)).toBe(401);
    expect(await refusedWith(`Bearer ${sfu.secret}`)).toBeUndefined();
  });

  test('who is refused and hangs up without listening, or never hangs up, does no harm', async () => {
    const upgrade = 'GET / HTTP/1.1\r\nHost: sfu\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const open = (): Socket => connect({ port: Number(new URL(sfu.url).port), host: '127.0.0.1', allowHalfOpen: true });
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const rude = open().on('error', () => undefined);
      rude.write(upgrade, () => rude.resetAndDestroy());
      await once(rude, 'close');
    }
    const patient = open().resume();
    patient.write(upgrade);
    await once(patient, 'end');
    // The server has closed its side altogether: what is written now is answered with a reset, which the write after it meets.
    let isReset = false;
    patient.on('error', () => (isReset = true));
    const writeUntilReset = (): boolean => {
      if (!isReset) patient.write('x');
      return isReset;
    };
    await vi.waitUntil(writeUntilReset, { timeout: 10_000 });
    expect(await refusedWith(`Bearer ${sfu.secret}`)).toBeUndefined();
  });

  test('plain HTTP finds nothing', async () => {
    const response = await fetch(sfu.url.replace('ws:', 'http:'));
    expect(response.status).toBe(404);
  });

  test.each([
    ['no JSON', '{'],
    ['no request', '{"method":"node:status"}'],
    ['more than a request has', '{"id":1,"method":"node:status","params":{},"more":1}'],
    ['a list', '[]'],
    ['binary data', Buffer.from('{"id":1,"method":"node:status","params":{}}').map((byte) => byte ^ 0xff)],
    ['a message that is too long', `{"id":1,"method":"node:status","params":{"text":"${'x'.repeat(300 * 1024)}"}}`],
  ])('closes the connection of who sends %s', async (_what, message) => {
    const socket = await openSocket();
    socket.send(message);
    const [code] = await once(socket, 'close');
    expect([1008, 1009]).toContain(code);
  });

  test.each(['constructor', '__proto__', 'toString', 'room:explode', ''])('answers the method "%s" with bad_request', async (method) => {
    const socket = await openSocket();
    expect(await ask(socket, method, {})).toMatchObject({ id: 7, error: { code: 'bad_request' } });
    socket.terminate();
  });

  test('rooms outlive the connection of the server that opened them', async () => {
    const log = createLog('silent');
    const before = connectSfu({ url: sfu.url, secret: sfu.secret, log });
    await before.request('room:open', { roomId: 'kept' });
    before.close();
    const after = connectSfu({ url: sfu.url, secret: sfu.secret, log });
    const welcome = Promise.withResolvers<readonly string[]>();
    after.on('welcome', ({ roomIds }) => welcome.resolve(roomIds));
    expect(await welcome.promise).toContain('kept');
    await after.request('room:close', { roomId: 'kept' });
    await after.request('room:close', { roomId: 'kept' });
    expect((await after.request('room:list', {})).rooms).toEqual([]);
    after.close();
  });

  async function openSocket(): Promise<WebSocket> {
    const socket = new WebSocket(sfu.url, { headers: { authorization: `Bearer ${sfu.secret}` } });
    // The first message is the welcome.
    await once(socket, 'message');
    return socket;
  }
});

async function ask(socket: WebSocket, method: string, params: unknown): Promise<unknown> {
  socket.send(JSON.stringify({ id: 7, method, params }));
  const [data] = await once(socket, 'message');
  return JSON.parse(data.toString());
}
