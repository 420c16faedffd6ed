import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectSfu, type SfuClient } from '../../server/calls/sfu-client.ts';
import { createLog } from '../../server/platform/log.ts';
import { startTestSfu, type TestSfu } from '../support/sfu.ts';

describe('the workers of the sfu', () => {
  let sfu: TestSfu;
  let client: SfuClient;

  beforeEach(async () => {
    sfu = await startTestSfu({ workers: 2 });
    client = connectSfu({ ...sfu, log: createLog('silent') });
  });

  afterEach(async () => {
    client.close();
    await sfu.close();
  });

  async function workerOf(roomId: string): Promise<number> {
    await client.request('room:open', { roomId });
    const { rooms } = await client.request('room:list', {});
    const pid = rooms.find((room) => room.roomId === roomId)?.workerPid;
    if (pid === undefined) throw new Error('no such room');
    return pid;
  }

  async function roomLost(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    client.on('room-lost', ({ roomId }) => resolve(roomId));
    return await promise;
  }

  /** Opens rooms until one is on another worker than these. */
  async function untilWorkerBesides(pids: readonly number[]): Promise<number> {
    for (let index = 0; ; index += 1) {
      const pid = await workerOf(`probe-${index}`);
      if (!pids.includes(pid)) return pid;
    }
  }

  test('rooms go to the worker with the fewest', async () => {
    const pids = [await workerOf('one'), await workerOf('two'), await workerOf('three'), await workerOf('four')];
    const { workers } = await client.request('node:status', {});
    expect(workers.map(({ rooms }) => rooms)).toEqual([2, 2]);
    expect(new Set(pids).size).toBe(2);
  });

  test('when a worker is killed its rooms are reported lost, the other worker keeps its own, and the pool is full again', async () => {
    const killed = await workerOf('lost');
    const kept = await workerOf('kept');
    const lost = roomLost();
    process.kill(killed, 'SIGKILL');
    expect(await lost).toBe('lost');
    expect((await client.request('room:list', {})).rooms.map(({ roomId }) => roomId)).toEqual(['kept']);
    expect(await untilWorkerBesides([killed, kept])).not.toBe(killed);
    expect((await client.request('node:status', {})).workers).toHaveLength(2);
  });

  test('a lost room can be opened again at once, and joined', async () => {
    const killed = await workerOf('lost');
    const lost = roomLost();
    process.kill(killed, 'SIGKILL');
    await lost;
    expect(await workerOf('lost')).not.toBe(killed);
    const { producers } = await client.request('peer:join', { roomId: 'lost', peerId: 'page', ownerId: 'person' });
    expect(producers).toEqual([]);
  });

  test('a frozen worker is killed by the watchdog, though nobody asks it anything', async () => {
    const frozen = await workerOf('frozen');
    const lost = roomLost();
    process.kill(frozen, 'SIGSTOP');
    expect(await lost).toBe('frozen');
    expect(() => process.kill(frozen, 0)).toThrow('ESRCH');
  });

  test('somebody who joins while the worker freezes is given a place on another one, with one answer (S13)', async () => {
    const frozen = await workerOf('frozen');
    process.kill(frozen, 'SIGSTOP');
    const { send } = await client.request('peer:join', { roomId: 'frozen', peerId: 'page', ownerId: 'person' });
    expect(send.iceCandidates).not.toEqual([]);
    const { rooms } = await client.request('room:list', {});
    expect(rooms).toMatchObject([{ roomId: 'frozen', peers: [{ peerId: 'page' }] }]);
    expect(rooms[0]?.workerPid).not.toBe(frozen);
  });

  test('when all workers die at once, opening a room waits for the first new one', async () => {
    const { workers } = await client.request('node:status', {});
    for (const { pid } of workers) process.kill(pid, 'SIGKILL');
    const pid = await workerOf('new');
    expect(workers.map((worker) => worker.pid)).not.toContain(pid);
  });
});
