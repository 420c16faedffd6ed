import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectSfu, type SfuClient } from '../../../server/calls/sfu-client.ts';
import { createLog } from '../../../server/platform/log.ts';
import { newId, type CallId } from '../../../server/protocol/ids.ts';
import { minuteMs, monday, startTestCounter, type Person, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { dtlsParameters, opusParameters, rtpCapabilities } from '../../support/rtp-parameters.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';

let sfu: TestSfu;
/** A second pair of eyes on the sfu. */
let watcher: SfuClient;
let counter: TestCounter;
let citizen: Person;
let official: Person;
let callId: CallId;

beforeAll(async () => {
  sfu = await startTestSfu();
  watcher = connectSfu({ ...sfu, log: createLog('silent') });
});
afterAll(async () => {
  watcher.close();
  await sfu.close();
});
beforeEach(async () => {
  counter = await startTestCounter({ sfu });
  citizen = await counter.addCitizen();
  official = await counter.addOfficial();
  const { entryId } = await counter.join(citizen);
  ({ callId } = await official.request('queue:accept', { entryId }));
});
afterEach(async () => await counter.close());

const join = async (person: Person, peerId = newId<'peer'>()) => {
  const joined = await person.request('call:join', { callId, peerId });
  await person.request('call:connect-transport', { callId, peerId, transportId: joined.send.transportId, dtlsParameters });
  return { ...joined, peerId };
};
const speak = async (person: Person, peerId: ReturnType<typeof newId<'peer'>>) => {
  const producerId = newId<'producer'>();
  await person.request('call:produce', {
    callId,
    peerId,
    producerId,
    kind: 'audio',
    source: 'microphone',
    rtpParameters: opusParameters(),
  });
  return producerId;
};

describe('in a call', () => {
  test('what one sends is told to the other alone, who can receive, and hears of a pause and the end', async () => {
    const { peerId } = await join(citizen);
    const listener = await join(official);
    expect(listener.producers).toEqual([]);
    const added = counter.next('call:producer-added');
    const producerId = await speak(citizen, peerId);
    expect(await added).toEqual({
      callId,
      producer: { producerId, peerId, accountId: citizen.accountId, kind: 'audio', source: 'microphone', paused: false },
    });

    const consumer = await official.request('call:consume', { callId, peerId: listener.peerId, producerId, rtpCapabilities });
    expect(consumer).toMatchObject({ producerId, kind: 'audio', paused: false });
    expect(await official.request('call:resume-consumer', { callId, peerId: listener.peerId, consumerId: consumer.consumerId })).toEqual(
      {},
    );

    const paused = counter.next('call:producer-paused');
    expect(await citizen.request('call:pause-producer', { callId, peerId, producerId, paused: true })).toEqual({ paused: true });
    expect(await paused).toEqual({ callId, producerId, paused: true });
    const closed = counter.next('call:producer-closed');
    await citizen.request('call:close-producer', { callId, peerId, producerId });
    expect(await closed).toEqual({ callId, producerId });
    for (const event of ['call:producer-added', 'call:producer-paused', 'call:producer-closed'] as const) {
      expect(citizen.told(event)).toEqual([]);
      expect(official.told(event)).toHaveLength(1);
    }
    expect(
      await citizen.request('call:restart-ice', { callId, peerId, transportId: (await join(citizen, peerId)).send.transportId }),
    ).toHaveProperty('iceParameters');
  });

  test('a reloaded page finds its call, takes over, and the old page is told to stop', async () => {
    const old = await join(citizen);
    expect(await citizen.request('call:list-mine', {})).toMatchObject({ calls: [{ callId, state: 'connecting', reason: null }] });
    const replaced = counter.next('call:peer-replaced');
    await join(citizen);
    expect(await replaced).toEqual({ callId, peerId: old.peerId });
    expect(citizen.told('call:peer-replaced')).toHaveLength(1);
    expect(await codeOf(speak(citizen, old.peerId))).toBe('conflict');
  });

  test('nobody else joins, not even another official of the office, and nobody after the end', async () => {
    const outsiders = [await counter.addCitizen(), await counter.addOfficial()];
    const peerId = newId<'peer'>();
    for (const person of outsiders) {
      expect(await codeOf(person.request('call:join', { callId, peerId }))).toBe('forbidden');
      expect(
        await codeOf(
          person.request('call:produce', {
            callId,
            peerId,
            producerId: newId<'producer'>(),
            kind: 'audio',
            source: 'microphone',
            rtpParameters: opusParameters(),
          }),
        ),
      ).toBe('forbidden');
      expect(await codeOf(person.request('call:hang-up', { callId }))).toBe('forbidden');
      expect(await person.request('call:list-mine', {})).toEqual({ calls: [] });
      expect(await codeOf(person.request('call:read', { callId }))).toBe('forbidden');
    }
    expect(await codeOf((await counter.addSupervisor()).request('call:join', { callId, peerId }))).toBe('forbidden');
    expect(await codeOf(citizen.request('call:join', { callId: newId<'call'>(), peerId }))).toBe('not_found');
    await citizen.request('call:hang-up', { callId });
    expect(await codeOf(citizen.request('call:join', { callId, peerId }))).toBe('closed');
    expect(await codeOf(official.request('call:join', { callId, peerId }))).toBe('closed');
    for (const person of [citizen, official])
      expect(await person.request('call:read', { callId })).toMatchObject({ state: 'ended', reason: 'hung-up' });
  });

  test('one of the two cannot act as the page of the other', async () => {
    const { peerId } = await join(citizen);
    const producerId = await speak(citizen, peerId);
    expect(await codeOf(official.request('call:close-producer', { callId, peerId, producerId }))).not.toBe('accepted');
    expect(await codeOf(official.request('call:join', { callId, peerId }))).toBe('conflict');
  });

  test('parameters that could harm a worker end at the door', async () => {
    const { send, peerId } = await join(citizen);
    const connect = { callId, peerId, transportId: send.transportId };
    expect(
      await codeOf(citizen.request('call:connect-transport', { ...connect, dtlsParameters: { ...dtlsParameters, fingerprints: [] } })),
    ).toBe('bad_request');
    const produce = { callId, peerId, producerId: newId<'producer'>(), kind: 'audio' as const, source: 'microphone' as const };
    expect(await codeOf(citizen.request('call:produce', { ...produce, rtpParameters: opusParameters(0) }))).toBe('bad_request');
    expect(
      await codeOf(
        citizen.request('call:produce', {
          ...produce,
          rtpParameters: { ...opusParameters(), encodings: Array.from({ length: 5 }, (_, index) => ({ ssrc: index + 1 })) },
        }),
      ),
    ).toBe('bad_request');
  });
});

describe('hanging up', () => {
  test('ends call, queue entry and room for both, is recorded once with its length, and answered alike twice', async () => {
    await join(citizen);
    await join(official);
    const changed = counter.next('call:changed', ({ call }) => call.state === 'ended');
    counter.clock.at += 3 * minuteMs;
    const [first, second] = await Promise.all([citizen.request('call:hang-up', { callId }), official.request('call:hang-up', { callId })]);
    expect(first).toEqual(second);
    expect(first).toMatchObject({ state: 'ended', reason: 'hung-up', endedAt: monday + 3 * minuteMs });
    expect(await official.request('call:hang-up', { callId })).toEqual(first);
    expect(await changed).toEqual({ call: first });
    expect(counter.events.map(({ event }) => event.type)).toEqual(['ticket-joined', 'call-started', 'call-ended']);
    // No media came through: they were not connected with each other.
    expect(counter.events.at(-1)).toMatchObject({ event: { callId, durationMs: 0, reason: 'hung-up' } });
    for (const person of [citizen, official])
      expect(person.told('call:changed').filter(({ call }) => call.state === 'ended')).toHaveLength(1);
    expect(citizen.told('queue:moved').at(-1)).toMatchObject({ entry: { state: 'ended', callId } });
    expect(await citizen.request('queue:list-mine', {})).toEqual({ entries: [] });
    // Requests over one connection are answered in order: the close was asked before.
    await counter.counter.sweep();
    expect((await watcher.request('room:list', {})).rooms.map(({ roomId }) => roomId)).not.toContain(callId);
  });

  test('frees the official for the next, and the citizen to join again', async () => {
    const next = await counter.addCitizen();
    const { entryId } = await counter.join(next);
    expect(await codeOf(official.request('queue:accept', { entryId }))).toBe('bad_state');
    await join(citizen);
    await official.request('call:hang-up', { callId });
    expect(await codeOf(official.request('queue:accept', { entryId }))).toBe('accepted');
    expect(await counter.join(citizen)).toMatchObject({ state: 'waiting', place: 1, ticketNumber: 'A3' });
  });
});

describe('a call that loses its media server', () => {
  test('goes on: both are told, join again, and find each other in a new room', async () => {
    await join(citizen);
    await join(official);
    const told = counter.next('call:room-lost');
    const { rooms } = await watcher.request('room:list', {});
    const worker = rooms.find(({ roomId }) => roomId === callId)?.workerPid;
    if (!worker) throw new Error('the call has a room');
    process.kill(worker, 'SIGKILL');
    expect(await told).toEqual({ callId });
    const { peerId } = await join(citizen);
    const producerId = await speak(citizen, peerId);
    expect((await join(official)).producers).toMatchObject([{ producerId, accountId: citizen.accountId }]);
    expect(await citizen.request('call:list-mine', {})).toMatchObject({ calls: [{ callId }] });
    for (const person of [citizen, official]) expect(person.told('call:room-lost')).toHaveLength(1);
  });

  test('also when the whole process was killed and started again', async () => {
    const own = await startTestSfu();
    const other = await startTestCounter({ sfu: own });
    try {
      const [ana, nora] = [await other.addCitizen(), await other.addOfficial()];
      const { callId: own1 } = await nora.request('queue:accept', { entryId: (await other.join(ana)).entryId });
      await ana.request('call:join', { callId: own1, peerId: newId<'peer'>() });
      other.clock.at += minuteMs;
      const lost = other.next('call:room-lost');
      await own.kill();
      const again = await startTestSfu({ controlPort: Number(new URL(own.url).port), secret: own.secret });
      expect(await lost).toEqual({ callId: own1 });
      expect(await ana.request('call:join', { callId: own1, peerId: newId<'peer'>() })).toHaveProperty('routerRtpCapabilities');
      await other.close();
      await again.close();
    } finally {
      await own.close();
    }
  }, 60_000);
});

describe('a call that nobody is in', () => {
  test('ends after ten minutes, for the reason network, and not before; one with somebody in it goes on', async () => {
    const busy = await counter.addOfficial();
    const { callId: other } = await busy.request('queue:accept', { entryId: (await counter.join(await counter.addCitizen())).entryId });
    await busy.request('call:join', { callId: other, peerId: newId<'peer'>() });
    // Answered, and gone: a call nobody has answered ends as a missed turn.
    const { peerId } = await join(citizen);
    await watcher.request('peer:leave', { roomId: callId, peerId, ownerId: citizen.accountId });
    for (let minute = 0; minute < 10; minute += 1) {
      counter.clock.at += minuteMs;
      await counter.counter.sweep();
    }
    expect((await citizen.request('call:list-mine', {})).calls).toHaveLength(1);
    counter.clock.at += minuteMs;
    await counter.counter.sweep();
    expect((await citizen.request('call:list-mine', {})).calls).toEqual([]);
    expect(counter.events.at(-1)).toMatchObject({ event: { type: 'call-ended', callId, reason: 'network', durationMs: 0 } });
    expect((await busy.request('call:list-mine', {})).calls).toHaveLength(1);
  });
});

test('a room whose call was ended by a server that died before it could close it is closed within the minute', async () => {
  await join(citizen);
  await sql`update calls set state = 'ended', reason = 'hung-up', ended_at = now() where call_id = ${callId}`.execute(counter.database);
  await counter.counter.sweep();
  const { rooms } = await watcher.request('room:list', {});
  expect(rooms.map(({ roomId }) => roomId)).not.toContain(callId);
});

test('with no media server at all, accepting loses nothing: the call waits for its people, and hanging up works', async () => {
  const alone = await startTestCounter();
  try {
    const [ana, nora] = [await alone.addCitizen(), await alone.addOfficial()];
    const { callId: waiting } = await nora.request('queue:accept', { entryId: (await alone.join(ana)).entryId });
    expect(await ana.request('call:list-mine', {})).toMatchObject({ calls: [{ callId: waiting, state: 'connecting' }] });
    expect(await codeOf(ana.request('call:join', { callId: waiting, peerId: newId<'peer'>() }))).toBe('unavailable');
    alone.clock.at += 60 * minuteMs;
    await alone.counter.sweep();
    expect((await ana.request('call:list-mine', {})).calls).toHaveLength(1);
    expect(await ana.request('call:hang-up', { callId: waiting })).toMatchObject({ state: 'ended' });
  } finally {
    await alone.close();
  }
});
