import { once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId, type CallId } from '../../../server/protocol/ids.ts';
import type { SfuEventName, SfuEvents } from '../../../sfu/protocol/events.ts';
import { requestSchema } from '../../../sfu/protocol/messages.ts';
import { minuteMs, monday, startTestCounter, type Person, type TestCounter } from '../../support/counter.ts';

/*
 * What the server makes of the sfu's words, when they are said at chosen moments: media that comes through needs browsers
 * (test/media and the main job have them), ten idle minutes need ten minutes. So here the other end of the control channel
 * is the test.
 */
let channel: WebSocketServer;
let line: WebSocket;
let counter: TestCounter;
let citizen: Person;
let official: Person;
let callId: CallId;

const tell = <Name extends SfuEventName>(event: Name, params: SfuEvents[Name]): void => line.send(JSON.stringify({ event, params }));
const connected = (person: Person, direction: 'send' | 'receive' = 'send'): void =>
  tell('transport-state', { roomId: callId, peerId: 'page', ownerId: person.accountId, direction, state: 'connected' });

/** What this sfu answers, by what it is asked. */
const answers: Readonly<Record<string, unknown>> = {
  'node:status': { instanceId: 'one', workers: [], draining: false },
  'peer:join': { send: { transportId: 'send' }, receive: { transportId: 'receive' }, producers: [], dataProducers: [], consumers: [] },
};

beforeEach(async () => {
  channel = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(channel, 'listening');
  const address = channel.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const arrived = new Promise<WebSocket>((resolve) => void channel.once('connection', resolve));
  counter = await startTestCounter({ sfu: { url: `ws://127.0.0.1:${address.port}`, secret: 'x'.repeat(32) } });
  line = await arrived;
  const opened = new Promise<void>((resolve) =>
    line.on('message', (data: Buffer) => {
      const { id, method } = requestSchema.parse(JSON.parse(data.toString()));
      line.send(JSON.stringify({ id, result: answers[method] ?? { rooms: [] } }));
      if (method === 'room:open') resolve();
    }),
  );
  citizen = await counter.addCitizen();
  official = await counter.addOfficial();
  ({ callId } = await official.request('queue:accept', { entryId: (await counter.join(citizen)).entryId }));
  // From now on the call is on this sfu.
  await opened;
});
afterEach(async () => {
  await counter.close();
  line.terminate();
  channel.close();
});

test('a call is active once the media of both came through, told once to each, and its length counts from then', async () => {
  const active = counter.next('call:changed', ({ call }) => call.state === 'active');
  await citizen.request('call:join', { callId, peerId: newId<'peer'>() });
  connected(citizen);
  connected(citizen, 'receive');
  connected(official, 'receive');
  connected(official);
  expect(await active).toMatchObject({ call: { callId, state: 'active', reason: null } });
  counter.clock.at += 7 * minuteMs;
  await citizen.request('call:hang-up', { callId });
  expect(counter.events.at(-1)).toMatchObject({ event: { type: 'call-ended', callId, durationMs: 7 * minuteMs, reason: 'hung-up' } });
  for (const person of [citizen, official])
    expect(person.told('call:changed').map(({ call }) => [call.state, call.answeredAt])).toEqual([
      ['connecting', null],
      ['connecting', monday],
      ['active', monday],
      ['ended', monday],
    ]);
});

test('a stranger whom the sfu names changes nothing', async () => {
  const stranger = await counter.addCitizen();
  connected(stranger);
  connected(official);
  const active = counter.next('call:changed', ({ call }) => call.state === 'active');
  connected(citizen);
  await active;
  expect(stranger.told('call:changed')).toEqual([]);
});

test('a room that nobody was in for ten minutes ends its call, for the reason network; a second word about it is nothing', async () => {
  const ended = counter.next('call:changed', ({ call }) => call.state === 'ended');
  counter.clock.at += 10 * minuteMs;
  tell('room-closed', { roomId: callId, reason: 'idle' });
  tell('room-closed', { roomId: callId, reason: 'idle' });
  expect(await ended).toMatchObject({ call: { callId, reason: 'network', endedAt: monday + 10 * minuteMs } });
  expect(citizen.told('call:changed').filter(({ call }) => call.state === 'ended')).toHaveLength(1);
  // Nobody had answered it: the ticket waits again, and the conversation knows of no call.
  expect(await citizen.request('queue:list-mine', {})).toMatchObject({ entries: [{ state: 'waiting' }] });
  expect(counter.events.map(({ event }) => event.type)).toEqual(['ticket-joined']);
});

test('what the sfu says of one call reaches people in the order in which it was said', async () => {
  const last = counter.next('call:producer-closed');
  const page = { producerId: 'camera', peerId: 'page', ownerId: citizen.accountId };
  const of = { roomId: callId, ownerId: citizen.accountId, producerId: 'camera' };
  tell('producer-added', { roomId: callId, producer: { ...page, kind: 'video', source: 'camera', paused: false } });
  for (let round = 0; round < 20; round += 1) tell('producer-paused', { ...of, paused: round % 2 === 0 });
  tell('producer-closed', of);
  await last;
  expect(official.told('call:producer-added')).toHaveLength(1);
  expect(official.told('call:producer-paused').map(({ paused }) => paused)).toEqual(
    Array.from({ length: 20 }, (_, round) => round % 2 === 0),
  );
});

test('an sfu that comes back without the room makes both join again; one that has it does not', async () => {
  counter.clock.at += minuteMs;
  tell('welcome', { instanceId: 'one', roomIds: [callId] });
  const lost = counter.next('call:room-lost');
  tell('welcome', { instanceId: 'two', roomIds: [] });
  expect(await lost).toEqual({ callId });
  for (const person of [citizen, official]) expect(person.told('call:room-lost')).toHaveLength(1);
});
