import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { connectSfu, type SfuClient } from '../../server/calls/sfu-client.ts';
import { createLog } from '../../server/platform/log.ts';
import { ControlServer } from '../../sfu/control/control-server.ts';
import type { AnswerMessage, RequestMessage } from '../../sfu/protocol/messages.ts';

const secret = 'correct horse battery staple, 32 bytes and more';
const log = createLog('silent');

describe('the connection of the server to the sfu', () => {
  const toClose: (() => Promise<void> | void)[] = [];

  afterEach(async () => {
    for (const close of toClose.splice(0).toReversed()) await close();
  });

  async function listen(
    port: number,
    instanceId: string,
    answer: (request: RequestMessage) => Promise<AnswerMessage>,
  ): Promise<ControlServer> {
    const server = await ControlServer.listen({
      host: '127.0.0.1',
      port,
      secret,
      log,
      answer,
      welcome: () => [{ event: 'welcome', params: { instanceId, roomIds: [] } }],
    });
    toClose.push(async () => await server.close());
    return server;
  }

  function connect(port: number, withSecret = secret): SfuClient {
    const client = connectSfu({ url: `ws://127.0.0.1:${port}`, secret: withSecret, log });
    toClose.push(() => client.close());
    return client;
  }

  test('a request made while nobody listens is answered as soon as somebody does', async () => {
    const port = await freePort();
    const client = connect(port);
    const answer = client.request('room:open', { roomId: 'room' });
    await listen(port, 'late', async ({ id }) => ({ id, result: { by: 'late' } }));
    expect(await answer).toEqual({ by: 'late' });
  });

  test('a request under way when the line breaks is sent again and answered by who comes back', async () => {
    const port = await freePort();
    const received = Promise.withResolvers<void>();
    const first = await listen(port, 'first', async () => {
      received.resolve();
      return await new Promise<never>(() => undefined);
    });
    const client = connect(port);
    const answer = client.request('room:open', { roomId: 'room' });
    await received.promise;
    await first.close();
    const welcome = Promise.withResolvers<string>();
    client.on('welcome', ({ instanceId }) => welcome.resolve(instanceId));
    await listen(port, 'second', async ({ id }) => ({ id, result: { by: 'second' } }));
    expect(await answer).toEqual({ by: 'second' });
    expect(await welcome.promise).toBe('second');
  });

  test('without the right secret every request ends as unavailable when the client is closed', async () => {
    const port = await freePort();
    await listen(port, 'only', async ({ id }) => ({ id, result: {} }));
    const client = connect(port, `${secret}?`);
    const answer = client.request('room:open', { roomId: 'room' });
    client.close();
    await expect(answer).rejects.toMatchObject({ code: 'unavailable' });
    await expect(client.request('room:open', { roomId: 'room' })).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('errors of the sfu arrive with their code, and a listener that was removed hears nothing more', async () => {
    const port = await freePort();
    const server = await listen(port, 'only', async ({ id }) => ({ id, error: { code: 'conflict', message: 'taken' } }));
    const client = connect(port);
    await expect(client.request('room:open', { roomId: 'room' })).rejects.toMatchObject({ code: 'conflict', message: 'taken' });
    const heard: string[] = [];
    const last = Promise.withResolvers<void>();
    const stop = client.on('room-lost', ({ roomId }) => heard.push(roomId));
    client.on('room-closed', () => {
      stop();
      server.emit('room-lost', { roomId: 'two' });
      server.emit('welcome', { instanceId: 'end', roomIds: [] });
    });
    client.on('welcome', ({ instanceId }) => instanceId === 'end' && last.resolve());
    server.emit('room-lost', { roomId: 'one' });
    server.emit('room-closed', { roomId: 'one', reason: 'idle' });
    await last.promise;
    expect(heard).toEqual(['one']);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
