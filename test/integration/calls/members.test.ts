import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectSfu, type SfuClient } from '../../../server/calls/sfu-client.ts';
import { createLog } from '../../../server/platform/log.ts';
import { toBase64Url } from '../../../server/protocol/base64url.ts';
import { newId } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { minuteMs, monday, startTestCounter, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { opusParameters } from '../../support/rtp-parameters.ts';
import { startRinging, type Ringing } from '../../support/ringing.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { passport } from '../../support/town.ts';

let sfu: TestSfu;
/** A second pair of eyes on the sfu, and hands. */
let watcher: SfuClient;
let counter: TestCounter;
let ringing: Ringing;

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
  ringing = await startRinging(counter);
});
afterEach(async () => await counter.close());

const roomPeers = async (): Promise<readonly string[]> =>
  (await watcher.request('room:list', {})).rooms.find(({ roomId }) => roomId === ringing.callId)?.peers.map(({ peerId }) => peerId) ?? [];

describe('who is in a call', () => {
  test('is told to both round by round: the official first, then the citizen, then his reloaded page; joining twice is no round', async () => {
    const { official, citizen, join, callId } = ringing;
    const first = await join(official);
    expect(first.members.members).toEqual([
      { peerId: first.peerId, accountId: official.accountId, role: 'official', deviceId: null, grant: null },
    ]);
    counter.clock.at += 1_000;
    const second = await join(citizen);
    expect(second.members.members.map(({ peerId, role }) => [peerId, role])).toEqual([
      [first.peerId, 'official'],
      [second.peerId, 'citizen'],
    ]);
    expect(await join(citizen, second.peerId)).toMatchObject({ members: second.members });
    counter.clock.at += 1_000;
    const reloaded = await join(citizen);
    expect(reloaded.members.members.map(({ peerId }) => peerId)).toEqual([first.peerId, reloaded.peerId]);
    for (const person of [citizen, official]) {
      const rounds = person.told('call:members-changed').map(({ members }) => members);
      expect(rounds.map(({ round }) => round)).toEqual([1, 2, 3]);
      expect(rounds.at(-1)).toEqual(reloaded.members);
    }
    expect(reloaded.members.round).toBe(3);
    expect((await citizen.request('call:list-mine', {})).calls.map((call) => call.callId)).toEqual([callId]);
  });

  test('changes as soon as the sfu says that a page has gone', async () => {
    const { official, citizen, join, callId } = ringing;
    const stays = await join(official);
    const { peerId } = await join(citizen);
    const told = counter.next('call:members-changed', ({ members }) => members.round === 3);
    await watcher.request('peer:leave', { roomId: callId, peerId, ownerId: citizen.accountId });
    expect((await told).members.members.map((member) => member.peerId)).toEqual([stays.peerId]);
    counter.clock.at += 1_000;
    // The call goes on without him, and he comes back as the same page.
    expect((await join(citizen, peerId)).members).toMatchObject({ round: 4, members: [{ peerId: stays.peerId }, { peerId }] });
  });

  test('S10: whoever is in the room and not written down is thrown out, whoever is written down and not in it struck out', async () => {
    const { official, citizen, join, callId } = ringing;
    const { peerId } = await join(official);
    await join(citizen);
    const gone = new Promise((resolve) => void watcher.on('peer-closed', (peer) => resolve(peer.peerId)));
    await watcher.request('peer:join', { roomId: callId, peerId: 'listener', ownerId: 'supervisor' });
    await counter.counter.sweep();
    expect(await gone).toBe('listener');
    expect(await roomPeers()).toContain(peerId);

    // One that the server believes to be in, and nobody ever said that it has gone: struck out at the second look, or with the next that goes.
    await sql`update call_peers set peer_id = 'ghost' where account_id = ${citizen.accountId}`.execute(counter.database);
    await counter.counter.sweep();
    await counter.counter.sweep();
    expect(official.told('call:members-changed').at(-1)?.members).toMatchObject({ round: 3, members: [{ peerId }] });
  });

  test('S10: a supervisor has no way in: every command of calls is refused to him', async () => {
    const supervisor = await counter.addSupervisor();
    const { handlers } = counter.counter;
    const names = Object.keys(handlers).filter((name) => name.startsWith('call:'));
    expect(names.length).toBeGreaterThan(20);
    for (const [name, { allow }] of Object.entries(handlers)) if (name.startsWith('call:')) expect(allow).not.toContain('supervisor');
    expect(await codeOf(supervisor.request('call:join', { callId: ringing.callId, peerId: newId<'peer'>() }))).toBe('forbidden');
  });
});

describe('the first ring', () => {
  test('is answered by the citizen joining, not by the official, once, and recorded then', async () => {
    const { official, citizen, join } = ringing;
    expect((await join(official)).call).toMatchObject({ state: 'connecting', answeredAt: null });
    expect(counter.events.map(({ event }) => event.type)).toEqual(['ticket-joined']);
    expect(await citizen.request('queue:list-mine', {})).toMatchObject({ entries: [{ state: 'called', callId: ringing.callId }] });
    counter.clock.at += 20_000;
    expect((await join(citizen)).call).toMatchObject({ answeredAt: monday + 20_000 });
    counter.clock.at += minuteMs;
    expect((await join(citizen)).call).toMatchObject({ answeredAt: monday + 20_000 });
    expect(counter.events.map(({ event }) => event.type)).toEqual(['ticket-joined', 'call-started']);
    expect(await citizen.request('queue:list-mine', {})).toMatchObject({ entries: [{ state: 'accepted' }] });
    expect(official.told('call:changed').map(({ call }) => call.answeredAt)).toEqual([null, monday + 20_000]);
  });

  test('that nobody answers ends as missed, without a word in the conversation about a call, and the ticket can ring again', async () => {
    const { official, citizen, callId, join } = ringing;
    const entryId = (await citizen.request('queue:list-mine', {})).entries[0]?.entryId ?? newId<'queue entry'>();
    await official.request('queue:mark-missed', { entryId });
    expect(citizen.told('call:changed').at(-1)?.call).toMatchObject({ callId, state: 'ended', reason: 'missed', answeredAt: null });
    expect(await codeOf(join(citizen))).toBe('closed');
    expect(counter.events.map(({ event }) => event.type)).toEqual(['ticket-joined', 'turn-missed']);
    const again = await official.request('queue:accept', { entryId });
    expect(again.callId).not.toBe(callId);
    expect(await citizen.request('call:join', { callId: again.callId, peerId: newId<'peer'>() })).toMatchObject({
      call: { answeredAt: monday },
    });
  });
});

describe('signals', () => {
  const signal = toBase64Url(randomBytes(200));

  test('go as they are to one page or to all others, from the page that sends them', async () => {
    const { official, citizen, join, callId } = ringing;
    const [one, other] = [await join(official), await join(citizen)];
    await official.request('call:signal', { callId, peerId: one.peerId, to: null, signal });
    await citizen.request('call:signal', { callId, peerId: other.peerId, to: one.peerId, signal });
    expect(citizen.told('call:signalled')).toEqual([{ callId, from: one.peerId, signal }]);
    expect(official.told('call:signalled')).toEqual([{ callId, from: other.peerId, signal }]);
  });

  test('go between pages that are in the call alone, and are short', async () => {
    const { official, citizen, join, callId } = ringing;
    const old = await join(citizen);
    const { peerId } = await join(citizen);
    const send = async (person: typeof citizen, from: typeof peerId, to: typeof peerId | null, bytes = signal) =>
      await codeOf(person.request('call:signal', { callId, peerId: from, to, signal: bytes }));
    expect(await send(official, newId<'peer'>(), peerId)).toBe('not_found');
    expect(await send(official, peerId, null)).toBe('not_found');
    expect(await send(citizen, old.peerId, null)).toBe('not_found');
    expect(await send(citizen, peerId, old.peerId)).toBe('not_found');
    expect(await send(await counter.addCitizen(), peerId, null)).toBe('forbidden');
    expect(await send(citizen, peerId, null, toBase64Url(randomBytes(limits.callSignalBytes + 1)))).toBe('bad_request');
    expect(await send(citizen, peerId, null, toBase64Url(randomBytes(limits.callSignalBytes)))).toBe('accepted');
    for (const person of [citizen, official]) expect(person.told('call:signalled')).toEqual([]);
  });
});

test('the official alone puts a call on hold, and everybody hears of it once', async () => {
  const { official, citizen, join, callId } = ringing;
  await join(citizen);
  expect(await codeOf(citizen.request('call:hold', { callId, held: true }))).toBe('forbidden');
  expect(await official.request('call:hold', { callId, held: true })).toMatchObject({ held: true });
  expect(await official.request('call:hold', { callId, held: true })).toMatchObject({ held: true });
  expect(await official.request('call:hold', { callId, held: false })).toMatchObject({ held: false });
  expect(citizen.told('call:changed').map(({ call }) => call.held)).toEqual([false, false, true, false]);
});

test('a track that is not what it says, or a channel that does not keep order, ends at the door', async () => {
  const { citizen, join, callId } = ringing;
  const { peerId } = await join(citizen);
  const produce = { callId, peerId, producerId: newId<'producer'>() };
  for (const [kind, source] of [
    ['audio', 'camera'],
    ['audio', 'screen'],
    ['video', 'microphone'],
  ] as const)
    expect(await codeOf(citizen.request('call:produce', { ...produce, kind, source, rtpParameters: opusParameters() }))).toBe(
      'bad_request',
    );
  const data = { callId, peerId, dataProducerId: newId<'data producer'>() };
  expect(await codeOf(citizen.request('call:produce-data', { ...data, sctpStreamParameters: { streamId: 0, ordered: false } }))).toBe(
    'bad_request',
  );
  expect(await citizen.request('call:produce-data', { ...data, sctpStreamParameters: { streamId: 0, ordered: true } })).toEqual({
    dataProducerId: data.dataProducerId,
  });
  expect((await join(ringing.official)).dataProducers).toEqual([
    { dataProducerId: data.dataProducerId, peerId, accountId: citizen.accountId },
  ]);
});

describe('a rating', () => {
  test('is given by the citizen, once, after the call, within a day; the table knows the service, the day and a count', async () => {
    const { citizen, official, join, callId } = ringing;
    const rate = async (person = citizen, rating = 4): Promise<string> => await codeOf(person.request('call:rate', { callId, rating }));
    await join(citizen);
    expect(await rate()).toBe('bad_state');
    await official.request('call:hang-up', { callId });
    expect(await rate(official)).toBe('forbidden');
    expect(await rate(await counter.addCitizen())).toBe('forbidden');
    expect(await rate(citizen, 6)).toBe('bad_request');
    expect([await rate(), await rate(citizen, 1)]).toEqual(['accepted', 'accepted']);
    const { rows } = await sql`select service_id, day::text, rating, count from call_ratings`.execute(counter.database);
    expect(rows).toEqual([{ serviceId: passport, day: '2026-11-23', rating: 4, count: 1 }]);
    counter.clock.at += limits.ratingMs + 1;
    expect(await rate()).toBe('closed');
  });

  test('is not asked for of a call that nobody answered', async () => {
    const { citizen, official, callId } = ringing;
    await official.request('call:hang-up', { callId });
    expect(await codeOf(citizen.request('call:rate', { callId, rating: 1 }))).toBe('bad_state');
  });
});
