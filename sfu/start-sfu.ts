import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { answer } from './control/answer.ts';
import { ControlServer } from './control/control-server.ts';
import { sfuHandlers } from './control/handlers.ts';
import type { SfuConfig } from './config.ts';
import type { EventMessage } from './protocol/messages.ts';
import type { Emit } from './rooms/emit.ts';
import { Rooms } from './rooms/rooms.ts';
import { WorkerPool } from './rooms/worker-pool.ts';

export interface RunningSfu {
  /** Of the control channel. */
  readonly url: string;
  /** Opens no more rooms; resolves when nobody is in one, or when the time is up and those who are were told to go on elsewhere. */
  drain(): Promise<void>;
  /** Closes the door first, then the workers. */
  close(): Promise<void>;
}

const roomIdleMs = 10 * 60_000;
const sweepEveryMs = 60_000;
const drainCheckEveryMs = 250;

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
    welcome: () => {
      const welcome: EventMessage = { event: 'welcome', params: { instanceId, roomIds: rooms.ids } };
      const { drainingUntil: until } = rooms;
      return until === undefined ? [welcome] : [welcome, { event: 'draining', params: { until } }];
    },
    log,
  }).catch((error: unknown) => {
    pool.close();
    throw error;
  });
  const sweeper = setInterval(() => rooms.sweep(), sweepEveryMs);
  return {
    url: control.url,
    drain: async () => {
      const until = Date.now() + config.drainMs;
      rooms.drain(until);
      log.info({ until, rooms: rooms.ids.length }, 'no new rooms: the sfu is about to stop');
      while (rooms.used && Date.now() < until) await wait(drainCheckEveryMs);
      rooms.giveUp();
    },
    close: async () => {
      clearInterval(sweeper);
      await control.close();
      pool.close();
    },
  };
}
