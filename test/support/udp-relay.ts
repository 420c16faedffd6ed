import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface UdpRelay {
  readonly port: number;
  /** While it is cut, datagrams vanish in both directions. */
  setCut(cut: boolean): void;
  close(): void;
}

/** A network between browsers and a worker's UDP port, on loopback: each sender has a socket of its own towards the worker. */
export async function startUdpRelay(workerPort: number): Promise<UdpRelay> {
  const outside = createSocket('udp4');
  const insides = new Map<string, Socket>();
  let isCut = false;
  outside.on('message', (datagram, sender) => {
    if (!isCut) insideOf(sender).send(datagram, workerPort, '127.0.0.1');
  });
  // A browser may send to loopback from the address of its network card.
  function insideOf({ address, port }: RemoteInfo): Socket {
    const sender = `${address} ${port}`;
    const known = insides.get(sender);
    if (known) return known;
    const inside = createSocket('udp4');
    inside.on('message', (datagram) => {
      if (!isCut) outside.send(datagram, port, address);
    });
    insides.set(sender, inside);
    return inside;
  }
  outside.bind(0, '127.0.0.1');
  await once(outside, 'listening');
  return {
    port: outside.address().port,
    setCut: (cut) => void (isCut = cut),
    close: () => {
      outside.close();
      for (const inside of insides.values()) inside.close();
    },
  };
}
