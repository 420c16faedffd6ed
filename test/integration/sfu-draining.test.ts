import { afterEach, describe, expect, test } from 'vitest';
import { connectSfu, type SfuClient } from '../../server/calls/sfu-client.ts';
import { createLog } from '../../server/platform/log.ts';
import type { SfuEvents } from '../../sfu/protocol/events.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';

const citizen = { roomId: 'used', peerId: 'page-1', ownerId: 'citizen' };
const official = { roomId: 'used', peerId: 'page-2', ownerId: 'official' };

describe('an sfu that is told to stop', () => {
  const clients: SfuClient[] = [];
  const programs: TestSfu[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const sfu of programs.splice(0)) await sfu.kill();
  });

  function connect(sfu: TestSfu): SfuClient {
    const client = connectSfu({ ...sfu, log: createLog('silent') });
    clients.push(client);
    return client;
  }

  async function startWithCall(drainSeconds: number): Promise<{ sfu: TestSfu; client: SfuClient }> {
    const sfu = await startTestSfu({ drainSeconds });
    programs.push(sfu);
    const client = connect(sfu);
    await client.request('room:open', { roomId: 'used' });
    await client.request('peer:join', citizen);
    return { sfu, client };
  }

  test('opens no new rooms, tells every server, lets people finish their call, and ends when the last has left', async () => {
    const { sfu, client } = await startWithCall(600);
    await client.request('room:open', { roomId: 'nobody-is-here-yet' });
    const lost = next(client, 'room-lost');
    const draining = next(client, 'draining');
    const toldAt = Date.now();
    process.kill(sfu.pid, 'SIGTERM');
    const { until } = await draining;
    expect(until).toBeGreaterThanOrEqual(toldAt + 600_000);
    expect(await lost).toEqual({ roomId: 'nobody-is-here-yet' });
    await expect(client.request('room:open', { roomId: 'new' })).rejects.toMatchObject({ code: 'unavailable' });
    await client.request('room:open', { roomId: 'used' });
    expect(await client.request('node:status', {})).toMatchObject({ draining: true });
    expect(await next(connect(sfu), 'draining')).toEqual({ until });

    await client.request('peer:join', official);
    await client.request('peer:leave', citizen);
    expect((await client.request('room:list', {})).rooms).toMatchObject([{ roomId: 'used', peers: [{ peerId: 'page-2' }] }]);
    await client.request('peer:leave', official);
    expect(await sfu.ended).toBe(0);
  });

  test('sends those elsewhere who are still in a call when the time is up', async () => {
    const { sfu, client } = await startWithCall(1);
    const lost = next(client, 'room-lost');
    process.kill(sfu.pid, 'SIGTERM');
    expect(await lost).toEqual({ roomId: 'used' });
    expect(await sfu.ended).toBe(0);
  });

  test('waits for nobody when the operator wants it so, and tells them all the same', async () => {
    const { sfu, client } = await startWithCall(0);
    const lost = next(client, 'room-lost');
    process.kill(sfu.pid, 'SIGTERM');
    expect(await lost).toEqual({ roomId: 'used' });
    expect(await sfu.ended).toBe(0);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('ends at once when it is told a second time, by %s', async (signal) => {
    const { sfu, client } = await startWithCall(600);
    const draining = next(client, 'draining');
    process.kill(sfu.pid, 'SIGTERM');
    await draining;
    process.kill(sfu.pid, signal);
    expect(await sfu.ended).toBe(0);
  });
});

async function next<Name extends keyof SfuEvents>(client: SfuClient, event: Name): Promise<SfuEvents[Name]> {
  return await new Promise((resolve) => client.on(event, resolve));
}
