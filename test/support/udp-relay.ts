import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface UdpRelay {
  readonly port: number;
  /** While it is cut, datagrams vanish in both directions. */
  setCut(cut: boolean): void;
  /** How long each datagram is under way from now on, in milliseconds and in each direction. */
  setDelay(delayMs: number): void;
  close(): void;
}

/**
 * A network between browsers and a worker's UDP port, on loopback: each sender has a socket of its own towards the worker. Without a
 * worker's port it leads from an address of its own (127.0.0.2) to the same port of 127.0.0.1, where the worker is yet to come.
 */
export async function startUdpRelay(workerPort?: number): Promise<UdpRelay> {
  const outside = createSocket('udp4');
  const insides = new Map<string, Socket>();
  let isCut = false;
  let delayMs = 0;
  const after = (send: () => void): void => {
    if (delayMs === 0) send();
    else setTimeout(send, delayMs);
  };
  outside.on('message', (datagram, sender) => {
    if (!isCut) after(() => insideOf(sender).send(datagram, workerPort ?? outside.address().port, '127.0.0.1'));
  });
  // A browser may send to loopback from the address of its network card.
  function insideOf({ address, port }: RemoteInfo): Socket {
    const sender = `${address} ${port}`;
    const known = insides.get(sender);
    if (known) return known;
    const inside = createSocket('udp4');
    inside.on('message', (datagram) => {
      if (!isCut) after(() => outside.send(datagram, port, address));
    });
    insides.set(sender, inside);
    return inside;
  }
  outside.bind(0, workerPort === undefined ? '127.0.0.2' : '127.0.0.1');
  await once(outside, 'listening');
  return {
    port: outside.address().port,
    setCut: (cut) => void (isCut = cut),
    setDelay: (milliseconds) => void (delayMs = milliseconds),
    close: () => {
      outside.close();
      for (const inside of insides.values()) inside.close();
    },
  };
}
