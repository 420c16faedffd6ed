import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface TcpRelay {
  readonly port: number;
  /** While it is cut, no byte passes in either direction and nobody is told: what a lost network is like. */
  setCut(cut: boolean): void;
  /** How long what is sent from now on is under way, in milliseconds and in each direction. */
  setDelay(delayMs: number): void;
  close(): Promise<void>;
}

/** A network between browsers at an address of this machine and a server on loopback. What is sent while it is cut arrives afterwards, as TCP would have it. */
export async function startTcpRelay(serverPort: number, host = '127.0.0.1'): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let delayMs = 0;
  const after = (act: () => void): void => {
    if (delayMs === 0) act();
    else setTimeout(act, delayMs);
  };
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    if (isCut) socket.pause();
    socket.on('data', (bytes) => after(() => void other.write(bytes)));
    // One end that goes takes the other with it, also when the server was killed or has not been started yet.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
    socket.on('end', () => after(() => void other.end()));
  };
  const relay = createServer({ allowHalfOpen: true }, (outside) => {
    const inside = connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true });
    keep(outside, inside);
    keep(inside, outside);
  });
  relay.listen(0, host);
  await once(relay, 'listening');
  const address = relay.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    setCut: (cut) => {
      isCut = cut;
      for (const socket of sockets)
        if (cut) socket.pause();
        else socket.resume();
    },
    setDelay: (milliseconds) => void (delayMs = milliseconds),
    close: async () => {
      relay.close();
      for (const socket of sockets) socket.destroy();
      await once(relay, 'close');
    },
  };
}
