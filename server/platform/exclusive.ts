import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * Runs `task` while no other process of this machine runs one of the same `name`; others wait their turn.
 * The lock is a socket in Linux's abstract namespace: the kernel gives it up when its holder dies, however it dies,
 * so there is no stale lock file to reason about.
 */
export async function exclusively<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
  const release = await lock(`\0schalter-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`);
  try {
    return await task();
  } finally {
    await release();
  }
}

async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    const waiting = new Set<Socket>();
    const holder = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => waiting.delete(socket));
    });
    try {
      holder.listen(path);
      await once(holder, 'listening');
      return async () => {
        const closed = once(holder, 'close');
        holder.close();
        for (const socket of waiting) socket.destroy();
        await closed;
      };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
    await released(path);
  }
}

/** Waits on a connection to the holder, which ends with the holder's turn or life. */
async function released(path: string): Promise<void> {
  const socket = connect(path);
  socket.resume();
  await new Promise<void>((resolve) => {
    // A refused connection means that the holder has just gone, and is followed by 'close' as well.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}
