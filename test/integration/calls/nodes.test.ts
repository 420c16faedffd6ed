import { afterEach, expect, test, vi } from 'vitest';
import { connectSfu, type SfuClient } from '../../../server/calls/sfu-client.ts';
import { createLog } from '../../../server/platform/log.ts';
import type { CallId } from '../../../server/protocol/ids.ts';
import { minuteMs, startTestCounter, type TestCounter } from '../../support/counter.ts';
import { startRinging, type Ringing } from '../../support/ringing.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';

const secret = 'one secret for all media servers, 32 bytes';
let nodes: readonly [Node, Node];
let counter: TestCounter;

/** A media server, and eyes on it. */
interface Node {
  readonly sfu: TestSfu;
  readonly watcher: SfuClient;
}

async function startNode(drainSeconds: number): Promise<Node> {
  const sfu = await startTestSfu({ secret, drainSeconds });
  return { sfu, watcher: connectSfu({ ...sfu, log: createLog('silent') }) };
}
const roomsOf = async ({ watcher }: Node): Promise<readonly string[]> =>
  (await watcher.request('room:list', {})).rooms.map(({ roomId }) => roomId);
/** The node that carries the call, and the other one. */
async function nodesOf(callId: CallId): Promise<readonly [Node, Node]> {
  const [one, other] = nodes;
  return (await roomsOf(one)).includes(callId) ? [one, other] : [other, one];
}
const lost = async (callId: CallId) => await counter.next('call:room-lost', (fact) => fact.callId === callId);

async function start({ drainSeconds = 0 } = {}): Promise<void> {
  nodes = [await startNode(drainSeconds), await startNode(drainSeconds)];
  counter = await startTestCounter({ sfu: { secret, urls: nodes.map(({ sfu }) => sfu.url) } });
  await counter.ready();
}
afterEach(async () => {
  await counter.close();
  for (const { sfu, watcher } of nodes) {
    watcher.close();
    await sfu.close();
  }
});

async function startJoined(): Promise<Ringing> {
  const ringing = await startRinging(counter);
  await ringing.join(ringing.citizen);
  await ringing.join(ringing.official);
  return ringing;
}

test('calls are spread over the media servers', async () => {
  await start();
  const [first, second] = [await startJoined(), await startJoined()];
  expect(await Promise.all(nodes.map(roomsOf))).toEqual(expect.arrayContaining([[first.callId], [second.callId]]));
});

test('R42: a server that starts again touches no call: the same room, the same people, nothing to be told', async () => {
  await start();
  const { callId, citizen, official, join } = await startJoined();
  const before = (await join(citizen)).members;
  const [carrier] = await nodesOf(callId);
  const told = official.told('call:members-changed').length;
  counter.clock.at += minuteMs;
  await counter.restart();
  await counter.ready();
  await counter.counter.sweep();
  await counter.counter.sweep();
  expect((await citizen.request('call:list-mine', {})).calls).toMatchObject([{ callId }]);
  expect((await carrier.watcher.request('room:list', {})).rooms[0]?.peers).toHaveLength(2);
  expect((await join(official, before.members.find(({ role }) => role === 'official')?.peerId)).members).toEqual(before);
  expect(official.told('call:members-changed')).toHaveLength(told);
  expect(official.told('call:room-lost')).toEqual([]);
});

test.for(['killed', 'frozen'] as const)(
  'a call on a media server that is %s goes on at another one, a call there goes on where it is',
  async (how) => {
    await start();
    const [one, two] = [await startJoined(), await startJoined()];
    const [carrier, other] = await nodesOf(one.callId);
    const told = lost(one.callId);
    if (how === 'killed') await carrier.sfu.kill();
    else process.kill(carrier.sfu.pid, 'SIGSTOP');
    expect(await told).toEqual({ callId: one.callId });
    const { peerId } = await one.join(one.citizen);
    const producerId = await one.speak(one.citizen, peerId);
    expect((await one.join(one.official)).producers).toMatchObject([{ producerId }]);
    expect(new Set(await roomsOf(other))).toEqual(new Set([one.callId, two.callId]));
    for (const person of [one.citizen, one.official]) expect(person.told('call:room-lost')).toHaveLength(1);
    for (const person of [two.citizen, two.official]) expect(person.told('call:room-lost')).toEqual([]);
    if (how === 'killed') return;
    // It comes back with a room that nobody is meant to be in.
    process.kill(carrier.sfu.pid, 'SIGCONT');
    await vi.waitFor(async () => {
      await counter.counter.sweep();
      expect(await roomsOf(carrier)).toEqual([]);
    }, 20_000);
    expect(await roomsOf(other)).toHaveLength(2);
  },
);

test('R45: a media server that is to end takes no new calls and keeps its own; when its time is over they go on at another one', async () => {
  await start({ drainSeconds: 600 });
  const one = await startJoined();
  const [carrier, other] = await nodesOf(one.callId);
  const draining = new Promise((resolve) => void carrier.watcher.on('draining', resolve));
  process.kill(carrier.sfu.pid, 'SIGTERM');
  await draining;
  const others = [await startJoined(), await startJoined()];
  expect(new Set(await roomsOf(other))).toEqual(new Set(others.map(({ callId }) => callId)));
  // Whoever reloads in the meantime is let in where the others are.
  await one.join(one.citizen);
  expect(await roomsOf(carrier)).toEqual([one.callId]);
  expect(one.citizen.told('call:room-lost')).toEqual([]);

  const told = lost(one.callId);
  process.kill(carrier.sfu.pid, 'SIGTERM');
  expect(await told).toEqual({ callId: one.callId });
  await one.join(one.citizen);
  expect(await roomsOf(other)).toHaveLength(3);
  for (const { official, callId } of [one, ...others]) await official.request('call:hang-up', { callId });
  await vi.waitFor(async () => expect(await roomsOf(other)).toEqual([]));
});
