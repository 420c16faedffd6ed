import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { answer } from './control/answer.ts';
import { ControlServer } from './control/control-server.ts';
import { sfuHandlers } from './control/handlers.ts';
import type { SfuConfig } from './config.ts';
import type { Emit } from './rooms/emit.ts';
import { Rooms } from './rooms/rooms.ts';
import { WorkerPool } from './rooms/worker-pool.ts';

export interface RunningSfu {
  /** Of the control channel. */
  readonly url: string;
  /** Closes the door first, then the workers. */
  close(): Promise<void>;
}

const roomIdleMs = 10 * 60_000;
const sweepEveryMs = 60_000;

/** Workers, rooms and the control channel. Throws when a port is taken or the worker binary does not run. */
export async function startSfu({ config, workerBin, log }: { config: SfuConfig; workerBin: string; log: Logger }): Promise<RunningSfu> {
  const { portBase, workers: count, listenAddress, announcedAddress } = config.rtc;
  const pool = await WorkerPool.start({ workerBin, listenAddress, announcedAddress, portBase, count, log });
  const instanceId = randomUUID();
  const emit: Emit = (event, params) => control.emit(event, params);
  const rooms = new Rooms({ pool, emit, idleMs: roomIdleMs, now: Date.now });
  const handlers = sfuHandlers({ rooms, instanceId });
  const control = await ControlServer.listen({
    ...config.control,
    answer: (request) => answer({ handlers, log, request }),
    welcome: () => ({ instanceId, roomIds: rooms.ids }),
    log,
  }).catch((error: unknown) => {
    pool.close();
    throw error;
  });
  const sweeper = setInterval(() => rooms.sweep(), sweepEveryMs);
  return {
    url: control.url,
    close: async () => {
      clearInterval(sweeper);
      await control.close();
      pool.close();
    },
  };
}
