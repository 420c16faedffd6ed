import type { SfuClient } from '../../../server/calls/sfu-client.ts';
import { startMediaCall } from '../../support/media-call.ts';

/** Two who are no browsers: a packet each ten milliseconds. What stands still between them stood still in the sfu, and not in a browser. */
export interface SteadyFlow extends AsyncDisposable {
  /** When a packet came; milliseconds since 1970. */
  readonly arrivals: readonly number[];
  /** Of the process that carries it. */
  readonly workerPid: number;
}

const everyMs = 10;
const payload = Buffer.alloc(500, 0x55);

export async function openSteadyFlow(client: SfuClient, roomId: string): Promise<SteadyFlow> {
  const { citizen, official, nextHeader, exchange, close } = await startMediaCall(client, roomId);
  // It begins with a key frame; whatever follows is forwarded.
  await exchange(1);
  const arrivals: number[] = [];
  official.onMedia(() => void arrivals.push(performance.timeOrigin + performance.now()));
  const timer = setInterval(() => void citizen.sendRtp(nextHeader(), payload), everyMs);
  return {
    arrivals,
    workerPid: await workerOf(client, roomId),
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await close();
    },
  };
}

/** The process that carries a room. */
export async function workerOf(client: SfuClient, roomId: string): Promise<number> {
  const { rooms } = await client.request('room:list', {});
  const pid = rooms.find((room) => room.roomId === roomId)?.workerPid;
  if (pid === undefined) throw new Error(`nobody carries the room ${roomId}`);
  return pid;
}
