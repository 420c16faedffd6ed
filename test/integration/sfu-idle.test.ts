import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createLog } from '../../server/platform/log.ts';
import type { Emit } from '../../sfu/rooms/emit.ts';
import { Rooms } from '../../sfu/rooms/rooms.ts';
import { WorkerPool } from '../../sfu/rooms/worker-pool.ts';
import { dtlsParameters } from '../support/rtp-parameters.ts';
import { obtainTestWorker } from '../support/sfu.ts';

const idleMs = 10 * 60_000;

describe('what nobody uses any more', () => {
  let pool: WorkerPool;
  let nowMs = 0;
  const emitted: { event: string; params: object }[] = [];
  const emit: Emit = (event, params) => void emitted.push({ event, params });

  beforeAll(async () => {
    const log = createLog('silent');
    pool = await WorkerPool.start({
      workerBin: await obtainTestWorker(),
      listenAddress: '127.0.0.1',
      announcedAddress: undefined,
      portBase: 0,
      count: 1,
      log,
    });
  });

  afterEach(() => {
    vi.useRealTimers();
    emitted.length = 0;
  });

  afterAll(() => pool.close());

  function makeRooms(): Rooms {
    return new Rooms({ pool, emit, idleMs, now: () => nowMs });
  }

  test('a room without a living transport is closed after ten minutes, and not before', async () => {
    const rooms = makeRooms();
    await rooms.open('room');
    await rooms.join({ roomId: 'room', peerId: 'page', ownerId: 'person' });
    nowMs += idleMs - 1;
    rooms.sweep();
    expect(rooms.ids).toEqual(['room']);
    nowMs += 1;
    rooms.sweep();
    expect(rooms.ids).toEqual([]);
    expect(emitted).toContainEqual({ event: 'room-closed', params: { roomId: 'room', reason: 'idle' } });
    expect(pool.workers.map((worker) => worker.rooms)).toEqual([0]);
  });

  test('of 50 peers that vanish in mid-handshake nothing is left after 30 seconds (S12)', async () => {
    const rooms = makeRooms();
    const addresses = Array.from({ length: 50 }, (_, index) => ({
      roomId: `room-${index % 10}`,
      peerId: `page-${index}`,
      ownerId: `person-${index}`,
    }));
    for (const { roomId } of addresses.slice(0, 10)) await rooms.open(roomId);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    for (const address of addresses) {
      const { send } = await rooms.join(address);
      const peer = await rooms.peer(address);
      const transport = await peer.transport(send.transportId);
      await transport.connect(dtlsParameters);
    }
    vi.advanceTimersByTime(29_999);
    expect(rooms.views.flatMap(({ peers }) => peers)).toHaveLength(50);
    vi.advanceTimersByTime(1);
    expect(rooms.views.flatMap(({ peers }) => peers)).toEqual([]);
    expect(emitted.filter(({ event }) => event === 'peer-closed').map(({ params }) => params)).toEqual(
      addresses.map((address) => ({ ...address, reason: 'network' })),
    );
    for (const roomId of rooms.ids) await rooms.close(roomId);
  });
});
