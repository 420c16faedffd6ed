import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface UdpRelay {
  readonly port: number;
  /** While it is cut, datagrams vanish in both directions. */
  setCut(cut: boolean): void;
  /** How long each datagram is under way from now on, in milliseconds and in each direction; with jitter, so much more or less by turns. */
  setDelay(delayMs: number, jitterMs?: number): void;
  close(): void;
}

/**
 * A network between browsers and a worker's UDP port at an address of this machine: each sender has a socket of its own towards the worker.
 * Without a worker's port it leads from an address of its own (127.0.0.2) to the same port of 127.0.0.1, where the worker is yet to come.
 */
export async function startUdpRelay(workerPort?: number, host = '127.0.0.1'): Promise<UdpRelay> {
  const outside = createSocket('udp4');
  const insides = new Map<string, Socket>();
  let isCut = false;
  let isClosed = false;
  let delayMs = 0;
  let jitterMs = 0;
  const [thither, hither] = [new Lane(), new Lane()];
  const after = (lane: Lane, send: () => void): void => {
    if (delayMs === 0) send();
    else setTimeout(() => isClosed || send(), lane.waitMs(delayMs, jitterMs));
  };
  outside.on('message', (datagram, sender) => {
    if (!isCut) after(thither, () => insideOf(sender).send(datagram, workerPort ?? outside.address().port, host));
  });
  // A browser may send to loopback from the address of its network card.
  function insideOf({ address, port }: RemoteInfo): Socket {
    const sender = `${address} ${port}`;
    const known = insides.get(sender);
    if (known) return known;
    const inside = createSocket('udp4');
    inside.on('message', (datagram) => {
      if (!isCut) after(hither, () => outside.send(datagram, port, address));
    });
    insides.set(sender, inside);
    return inside;
  }
  outside.bind(0, workerPort === undefined ? '127.0.0.2' : host);
  await once(outside, 'listening');
  return {
    port: outside.address().port,
    setCut: (cut) => void (isCut = cut),
    setDelay: (milliseconds, jitter = 0) => void ([delayMs, jitterMs] = [milliseconds, jitter]),
    close: () => {
      isClosed = true;
      outside.close();
      for (const inside of insides.values()) inside.close();
    },
  };
}

const redrawMs = 100;

/** One direction: how long things take changes ten times a second, and nothing overtakes what left before, as in a queue. */
class Lane {
  #drawnAt = -Infinity;
  #share = 0;
  #lastAt = 0;

  waitMs(delayMs: number, jitterMs: number): number {
    const now = performance.now();
    if (now - this.#drawnAt > redrawMs) [this.#drawnAt, this.#share] = [now, Math.random() * 2 - 1];
    this.#lastAt = Math.max(this.#lastAt, now + delayMs + jitterMs * this.#share);
    return this.#lastAt - now;
  }
}
