import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server } from 'socket.io';
import { expect, test, vi } from 'vitest';
import { createConnection } from '../../client/net/socket.ts';

/** RFC 6455 §1.3. */
const handshakeSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** RFC 6455 §5.5.1: a good-bye without a reason. */
const closeFrame = Buffer.from([0x88, 0]);

test('a line that is closed before anything was said on it is tried again soon, and not after twenty seconds', async () => {
  const sockets = new Server({ transports: ['websocket'] });
  sockets.attach(createServer());
  let attempts = 0;
  let carrier: Duplex | undefined;
  const http = createServer().on('upgrade', (request, socket, head) => {
    attempts += 1;
    // As a server that ends in this moment, or something between, would have it.
    if (attempts > 3) {
      carrier = socket;
      sockets.engine.handleUpgrade(request, socket, head);
      return;
    }
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${handshakeSuffix}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.end(closeFrame);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // No type has it narrower.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = http.address() as AddressInfo;
  const line = createConnection({ url: `http://127.0.0.1:${port}`, onUnauthenticated: () => undefined });
  try {
    line.open();
    await vi.waitUntil(() => line.state.value.status === 'connected', { timeout: 15_000 });
    expect(attempts).toBe(4);
    // Nor does a line that is lost while it comes back by itself stay away.
    attempts = 2;
    carrier?.destroy();
    await vi.waitUntil(() => line.state.value.status !== 'connected');
    await vi.waitUntil(() => line.state.value.status === 'connected', { timeout: 15_000 });
  } finally {
    line.close();
    await sockets.close();
    http.close();
  }
});
