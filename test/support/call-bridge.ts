import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { z } from 'zod';
import { connectSfu, type SfuClient, type SfuEventName, type SfuEvents } from '../../server/calls/sfu-client.ts';
import { AppError } from '../../server/platform/app-error.ts';
import { createLog } from '../../server/platform/log.ts';
import type { PeerId } from '../../server/protocol/calls.ts';
import { paramsSchemas } from '../../sfu/protocol/messages.ts';
import type { SfuMethod, SfuResult, TransportParameters } from '../../sfu/protocol/requests.ts';
import { accountOf, CallRoster } from './call-roster.ts';
import { serveBundle } from './serve-bundle.ts';
import type { TestSfu } from './sfu.ts';
import type { UdpRelay } from './udp-relay.ts';

/** What a bridge needs of an sfu. */
export type BridgeSfu = Pick<SfuClient, 'request' | 'on' | 'close'>;

export interface CallBridge {
  readonly sfu: BridgeSfu;
  readonly callId: string;
  /** From now on, who joins reaches the worker through this relay only. */
  relayThrough(start: (workerPort: number) => Promise<UdpRelay>): void;
  /** From now on each command and notification takes this long on its way. */
  delay(milliseconds: number): void;
  hold(held: boolean): void;
  /** The others are told that this person has left; he is not, and goes on receiving. */
  expel(name: string): void;
  /** The page for one person. */
  pageOf(name: string): string;
  close(): Promise<void>;
}

const commandSchema = z.object({ id: z.int(), name: z.string(), payload: z.looseObject({ callId: z.string() }) });
const signalSchema = z.object({ peerId: z.string(), to: z.string().nullable(), signal: z.string() });
const peerIdSchema = z.custom<PeerId>((value) => typeof value === 'string');

/** Of a call's commands, the requests to the sfu. */
const methods = new Map<string, SfuMethod>([
  ['call:connect-transport', 'transport:connect'],
  ['call:restart-ice', 'transport:restart-ice'],
  ['call:produce', 'producer:create'],
  ['call:pause-producer', 'producer:pause'],
  ['call:close-producer', 'producer:close'],
  ['call:produce-data', 'data-producer:create'],
  ['call:consume', 'consumer:create'],
  ['call:resume-consumer', 'consumer:resume'],
  ['call:prefer', 'consumer:prefer'],
  ['call:consume-data', 'data-consumer:create'],
]);

/** An sfu's own client, for a bridge. */
export function connectTestSfu({ url, secret }: Pick<TestSfu, 'url' | 'secret'>): SfuClient {
  return connectSfu({ url, secret, log: createLog('silent') });
}

/** The test's page, and between it and the sfu the least there can be: what the server does for people who may all be in the call. */
export async function startCallBridge(
  target: Pick<TestSfu, 'url' | 'secret'> | BridgeSfu,
  names = ['citizen', 'official'],
): Promise<CallBridge> {
  const sfu = 'url' in target ? connectTestSfu(target) : target;
  const roster = new CallRoster(names);
  const { callId } = roster;
  const people = new Map<WebSocket, string>();
  const deaf = new Set<string>();
  let delayMs = 0;
  let relay: ((workerPort: number) => Promise<UdpRelay>) | undefined;
  const after = (act: () => void): void => void (delayMs > 0 ? setTimeout(act, delayMs) : act());
  const tell = (event: string, fact: object, isFor: (accountId: string) => boolean = () => true): void => {
    for (const [socket, name] of people)
      if (!deaf.has(name) && isFor(accountOf(name))) after(() => socket.send(JSON.stringify({ event, fact: { callId, ...fact } })));
  };
  const tellMembers = (): void => tell('call:members-changed', { members: roster.members });

  // Other calls of the same sfu have bridges of their own.
  const onOwn = <Name extends Exclude<SfuEventName, 'welcome' | 'draining'>>(
    event: Name,
    listener: (fact: SfuEvents[Name]) => void,
  ): void => void sfu.on(event, (fact) => fact.roomId === callId && listener(fact));

  onOwn('producer-added', ({ producer: { ownerId, ...producer } }) =>
    tell('call:producer-added', { producer: { ...producer, accountId: ownerId } }, (accountId) => accountId !== ownerId),
  );
  onOwn('producer-paused', ({ ownerId, producerId, paused }) =>
    tell('call:producer-paused', { producerId, paused }, (accountId) => accountId !== ownerId),
  );
  onOwn('producer-closed', ({ ownerId, producerId }) => tell('call:producer-closed', { producerId }, (accountId) => accountId !== ownerId));
  onOwn('data-producer-added', ({ dataProducer: { ownerId, ...dataProducer } }) =>
    tell('call:data-producer-added', { dataProducer: { ...dataProducer, accountId: ownerId } }, (accountId) => accountId !== ownerId),
  );
  onOwn('data-producer-closed', ({ ownerId, dataProducerId }) =>
    tell('call:data-producer-closed', { dataProducerId }, (accountId) => accountId !== ownerId),
  );
  onOwn('consumer-layer', ({ ownerId, peerId, producerId, layer }) =>
    tell('call:quality-changed', { peerId, producerId, quality: layer }, (accountId) => accountId === ownerId),
  );
  onOwn('peer-closed', ({ reason, peerId, ownerId }) => {
    if (reason === 'replaced') tell('call:peer-replaced', { peerId }, (accountId) => accountId === ownerId);
    if (roster.leave(peerId)) tellMembers();
  });
  onOwn('room-lost', () => tell('call:room-lost', {}));
  sfu.on('welcome', ({ roomIds }) => roomIds.length === 0 && tell('call:room-lost', {}));

  const forward = async <Method extends SfuMethod>(method: Method, params: unknown): Promise<SfuResult<Method>> =>
    await sfu.request(method, paramsSchemas[method].parse(params));

  async function through(transport: TransportParameters): Promise<TransportParameters> {
    const udp = transport.iceCandidates.find(({ protocol }) => protocol === 'udp');
    if (!relay || !udp) return transport;
    return { ...transport, iceCandidates: [{ ...udp, port: (await relay(udp.port)).port }] };
  }

  async function join(name: string, params: Record<string, unknown>): Promise<unknown> {
    await forward('room:open', { roomId: callId });
    const { producers, dataProducers, send, receive, ...rest } = await forward('peer:join', params);
    if (roster.join(name, peerIdSchema.parse(params['peerId']))) tellMembers();
    return {
      call: roster.view,
      members: roster.members,
      ...rest,
      send: await through(send),
      receive: await through(receive),
      producers: producers.map(({ ownerId, ...producer }) => ({ ...producer, accountId: ownerId })),
      dataProducers: dataProducers.map(({ ownerId, ...dataProducer }) => ({ ...dataProducer, accountId: ownerId })),
    };
  }

  function signal(name: string, payload: unknown): object {
    const { peerId, to, signal: content } = signalSchema.parse(payload);
    const isFor = (accountId: string): boolean =>
      accountId !== accountOf(name) &&
      (to === null || roster.members.members.some((member) => member.peerId === to && member.accountId === accountId));
    tell('call:signalled', { from: peerId, signal: content }, isFor);
    return {};
  }

  async function answer(name: string, command: string, payload: Record<string, unknown>): Promise<unknown> {
    const { callId: roomId, ...rest } = payload;
    const params = { ...rest, roomId, ownerId: accountOf(name) };
    if (command === 'call:join') return await join(name, params);
    if (command === 'call:signal') return signal(name, rest);
    const method = methods.get(command);
    if (!method) throw new AppError('unknown_command', command);
    return await forward(method, params);
  }

  async function respond(socket: WebSocket, owner: string, data: RawData): Promise<void> {
    const { id, name, payload } = commandSchema.parse(JSON.parse(Buffer.isBuffer(data) ? data.toString('utf8') : ''));
    const send = (result: object): void => after(() => socket.send(JSON.stringify({ id, ...result })));
    try {
      send({ value: await answer(owner, name, payload) });
    } catch (error) {
      send({ code: error instanceof AppError ? error.code : 'internal', text: String(error) });
    }
  }

  const site = await serveBundle('../media/call-page.ts', { call: callId });
  const sockets = new WebSocketServer({ server: site.http });
  sockets.on('connection', (socket, request) => {
    const name = (request.url ?? '').slice(1);
    people.set(socket, name);
    socket.on('close', () => people.delete(socket));
    socket.on('message', (data) => after(() => void respond(socket, name, data)));
  });
  return {
    sfu,
    callId,
    relayThrough: (start) => void (relay = start),
    delay: (milliseconds) => void (delayMs = milliseconds),
    hold: (held) => {
      roster.setHeld(held);
      tell('call:changed', { call: roster.view });
    },
    expel: (name) => {
      deaf.add(name);
      const gone = roster.members.members.find(({ accountId }) => accountId === accountOf(name));
      if (gone && roster.leave(gone.peerId)) tellMembers();
    },
    pageOf: (name) => `${site.origin}/${name}`,
    close: async () => {
      sfu.close();
      for (const socket of sockets.clients) socket.terminate();
      await site.close();
    },
  };
}
