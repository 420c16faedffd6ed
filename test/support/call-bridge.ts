import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { z } from 'zod';
import { connectSfu, type SfuClient } from '../../server/calls/sfu-client.ts';
import { AppError } from '../../server/platform/app-error.ts';
import { createLog } from '../../server/platform/log.ts';
import { paramsSchemas } from '../../sfu/protocol/messages.ts';
import type { SfuMethod, SfuResult, TransportParameters } from '../../sfu/protocol/requests.ts';
import type { TestSfu } from './sfu.ts';
import type { UdpRelay } from './udp-relay.ts';

export interface CallBridge {
  readonly sfu: SfuClient;
  /** From now on, who joins reaches the worker through this relay only. */
  relayThrough(start: (workerPort: number) => Promise<UdpRelay>): void;
  /** The page for one person. */
  pageOf(ownerId: string): string;
  close(): Promise<void>;
}

const commandSchema = z.object({ id: z.int(), name: z.string(), payload: z.looseObject({ callId: z.string() }) });

/** The one call that everybody is in. */
export const bridgedCallId = 'call';

/** Of a call's commands, the requests to the sfu. */
const methods = new Map<string, SfuMethod>([
  ['call:connect-transport', 'transport:connect'],
  ['call:restart-ice', 'transport:restart-ice'],
  ['call:produce', 'producer:create'],
  ['call:pause-producer', 'producer:pause'],
  ['call:consume', 'consumer:create'],
  ['call:resume-consumer', 'consumer:resume'],
]);

type Through = (transport: TransportParameters) => Promise<TransportParameters>;

/** What the server does with a call's commands, for people who may all be in the call. */
async function answer(
  sfu: SfuClient,
  ownerId: string,
  name: string,
  { callId: roomId, ...payload }: { callId: string },
  through: Through,
): Promise<unknown> {
  const forward = async <Method extends SfuMethod>(method: Method, params: unknown): Promise<SfuResult<Method>> =>
    await sfu.request(method, paramsSchemas[method].parse(params));
  const params = { ...payload, roomId, ownerId };
  if (name === 'call:join') {
    await forward('room:open', { roomId });
    const { producers, send, receive, routerRtpCapabilities } = await forward('peer:join', params);
    const transports = { send: await through(send), receive: await through(receive) };
    return {
      ...transports,
      routerRtpCapabilities,
      call: {},
      producers: producers.map((producer) => ({ ...producer, accountId: producer.ownerId })),
    };
  }
  const method = methods.get(name);
  if (!method) throw new AppError('unknown_command', name);
  return await forward(method, params);
}

/** The test's page, and between it and the sfu the least there can be. */
export async function startCallBridge({ url, secret }: Pick<TestSfu, 'url' | 'secret'>): Promise<CallBridge> {
  const script = await bundle('../media/call-page.ts');
  const sfu = connectSfu({ url, secret, log: createLog('silent') });
  const people = new Map<WebSocket, string>();
  const tell = (event: string, fact: object, isFor: (ownerId: string) => boolean): void => {
    for (const [socket, ownerId] of people) if (isFor(ownerId)) socket.send(JSON.stringify({ event, fact }));
  };
  sfu.on('producer-added', ({ roomId, producer }) =>
    tell(
      'call:producer-added',
      { callId: roomId, producer: { ...producer, accountId: producer.ownerId } },
      (ownerId) => ownerId !== producer.ownerId,
    ),
  );
  sfu.on('producer-paused', ({ roomId, ...fact }) =>
    tell('call:producer-paused', { callId: roomId, ...fact }, (ownerId) => ownerId !== fact.ownerId),
  );
  sfu.on('producer-closed', ({ roomId, ...fact }) =>
    tell('call:producer-closed', { callId: roomId, ...fact }, (ownerId) => ownerId !== fact.ownerId),
  );
  sfu.on('peer-closed', ({ roomId, reason, ...fact }) => {
    if (reason === 'replaced') tell('call:peer-replaced', { callId: roomId, ...fact }, (ownerId) => ownerId === fact.ownerId);
  });
  sfu.on('room-lost', ({ roomId }) => tell('call:room-lost', { callId: roomId }, () => true));
  sfu.on('welcome', ({ roomIds }) => roomIds.length === 0 && tell('call:room-lost', { callId: bridgedCallId }, () => true));

  let relay: ((workerPort: number) => Promise<UdpRelay>) | undefined;
  const through: Through = async (transport) => {
    const udp = transport.iceCandidates.find(({ protocol }) => protocol === 'udp');
    if (!relay || !udp) return transport;
    return { ...transport, iceCandidates: [{ ...udp, port: (await relay(udp.port)).port }] };
  };

  const http = createServer((request, response) => {
    const isScript = request.url === '/call-page.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : '<!doctype html><title>call</title><script type="module" src="/call-page.js"></script>');
  });
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket, request) => {
    const ownerId = (request.url ?? '').slice(1);
    people.set(socket, ownerId);
    socket.on('close', () => people.delete(socket));
    socket.on('message', (data) => void respond(socket, ownerId, data));
  });
  async function respond(socket: WebSocket, ownerId: string, data: RawData): Promise<void> {
    const { id, name, payload } = commandSchema.parse(JSON.parse(Buffer.isBuffer(data) ? data.toString('utf8') : ''));
    try {
      const value = await answer(sfu, ownerId, name, payload, through);
      socket.send(JSON.stringify({ id, value }));
    } catch (error) {
      socket.send(JSON.stringify({ id, code: error instanceof AppError ? error.code : 'internal' }));
    }
  }

  const { promise: listening, resolve } = Promise.withResolvers<void>();
  http.listen(0, '127.0.0.1', resolve);
  await listening;
  const bound = http.address();
  if (bound === null || typeof bound === 'string') throw new Error('the bridge is not listening');
  return {
    sfu,
    relayThrough: (start) => void (relay = start),
    pageOf: (ownerId) => `http://127.0.0.1:${bound.port}/${ownerId}`,
    close: async () => {
      sfu.close();
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      const { promise, resolve: closed } = Promise.withResolvers<void>();
      http.close(() => closed());
      await promise;
    },
  };
}

/** One module of the client with all it imports. */
async function bundle(path: string): Promise<string> {
  const entry = fileURLToPath(new URL(path, import.meta.url));
  const outputs = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['es'] } },
  });
  const [output] = Array.isArray(outputs) ? outputs : [];
  const [chunk] = output?.output ?? [];
  if (chunk?.type !== 'chunk') throw new Error(`${path} was not bundled`);
  return chunk.code;
}
