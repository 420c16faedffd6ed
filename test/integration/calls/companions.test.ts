import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AccountId } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { minuteMs, startTestCounter, type Person, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { startRinging, type Ringing } from '../../support/ringing.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { chainId, healthFund } from '../../support/town.ts';

let sfu: TestSfu;
let counter: TestCounter;
let ringing: Ringing;
let colleague: Person;

beforeAll(async () => void (sfu = await startTestSfu()));
afterAll(async () => await sfu.close());
beforeEach(async () => {
  counter = await startTestCounter({ sfu });
  ringing = await startRinging(counter);
  colleague = await counter.addOfficial();
});
afterEach(async () => await counter.close());

const invite = async ({ accountId }: { accountId: AccountId }, by: Person = ringing.official) =>
  await by.request('call:invite-colleague', { callId: ringing.callId, accountId });
const rolesIn = async (person: Person) =>
  (await person.request('call:list-mine', {})).calls.map(({ participants }) =>
    participants.map(({ accountId, role }) => [accountId, role]),
  );

test('the official sees who of the team could come, and asks one in: he hears of it, joins, is told in the conversation, and leaves again', async () => {
  const { official, citizen, callId, join } = ringing;
  const resting = await counter.addOfficial();
  await resting.request('availability:set', { state: 'break', services: [], languages: [] });
  const elsewhere = await counter.addOfficial(healthFund);
  const states = (await official.request('call:list-colleagues', { callId })).colleagues;
  expect(new Map(states.map(({ accountId, state }) => [accountId, state]))).toEqual(
    new Map([
      [colleague.accountId, 'available'],
      [resting.accountId, 'break'],
    ]),
  );
  expect(await codeOf(invite(elsewhere))).toBe('not_found');
  expect(await codeOf(invite(citizen))).toBe('not_found');
  expect(await codeOf(colleague.request('call:list-colleagues', { callId }))).toBe('forbidden');
  expect(await codeOf(join(colleague))).toBe('forbidden');

  expect((await invite(colleague)).participants.map(({ role }) => role)).toEqual(['citizen', 'official', 'colleague']);
  expect(await invite(colleague)).toEqual(await invite(colleague));
  expect(colleague.told('call:changed').map(({ call }) => call.asked)).toEqual([[colleague.accountId]]);
  await join(citizen);
  const { members } = await join(colleague);
  expect(members.members.map(({ role }) => role).toSorted()).toEqual(['citizen', 'colleague']);
  expect(colleague.told('call:changed').at(-1)?.call.asked).toEqual([]);
  expect(counter.events.map(({ event }) => event.type)).toEqual(['ticket-joined', 'call-started', 'call-joined']);
  await join(colleague);
  expect(counter.events).toHaveLength(3);

  for (const command of ['call:hold', 'call:hang-up', 'call:invite-colleague'] as const) {
    const request = { callId, held: true, accountId: resting.accountId };
    const { held, accountId, ...call } = request;
    const sent = command === 'call:hold' ? { ...call, held } : command === 'call:hang-up' ? call : { ...call, accountId };
    expect(await codeOf(colleague.request(command, sent))).toBe('forbidden');
  }
  const left = counter.next('call:members-changed', (fact) => fact.members.members.length === 1);
  expect(await colleague.request('call:leave', { callId })).toEqual({});
  await left;
  expect(await colleague.request('call:leave', { callId })).toEqual({});
  expect(await rolesIn(colleague)).toEqual([]);
  expect(await codeOf(join(colleague))).toBe('forbidden');
  expect((await invite(colleague)).participants).toHaveLength(3);
  expect(await codeOf(join(colleague))).toBe('accepted');
});

test('S15: a colleague who declined is not asked again, one who keeps leaving three times in ten minutes at most', async () => {
  const { callId, join } = ringing;
  const declining = await counter.addOfficial();
  await invite(declining);
  await declining.request('call:leave', { callId });
  expect(await codeOf(invite(declining))).toBe('bad_state');

  for (let round = 0; round < 3; round += 1) {
    await invite(colleague);
    await join(colleague);
    await colleague.request('call:leave', { callId });
  }
  expect(await codeOf(invite(colleague))).toBe('slow_down');
  counter.clock.at += 10 * minuteMs + 1;
  expect(await codeOf(invite(colleague))).toBe('accepted');
});

test('a colleague in the call takes it over: he leads, the ticket is his, the other stays as a colleague and can leave', async () => {
  const { official, citizen, callId, join } = ringing;
  await join(citizen);
  await join(official);
  await invite(colleague);
  const transfer = async (by: Person, to: Person) => await by.request('call:transfer', { callId, accountId: to.accountId });
  expect(await codeOf(transfer(official, colleague))).toBe('bad_state');
  await join(colleague);
  expect(await codeOf(transfer(colleague, colleague))).toBe('forbidden');
  expect(await codeOf(transfer(citizen, colleague))).toBe('forbidden');
  const { round } = (await join(colleague)).members;
  const told = counter.next('call:members-changed', ({ members }) => members.round > round);
  expect(await transfer(official, colleague)).toMatchObject({ official: { accountId: colleague.accountId }, held: false });
  expect(await transfer(official, colleague)).toMatchObject({ official: { accountId: colleague.accountId } });
  expect(new Map((await told).members.members.map(({ accountId, role }) => [accountId, role]))).toEqual(
    new Map([
      [citizen.accountId, 'citizen'],
      [official.accountId, 'colleague'],
      [colleague.accountId, 'official'],
    ]),
  );
  expect(await codeOf(official.request('call:hang-up', { callId }))).toBe('forbidden');
  // Free for the next one, once he is out of this.
  const next = await counter.join(await counter.addCitizen());
  await official.request('call:leave', { callId });
  expect(await codeOf(official.request('queue:accept', { entryId: next.entryId }))).toBe('accepted');
  expect(await codeOf(colleague.request('queue:accept', { entryId: next.entryId }))).not.toBe('accepted');
  expect(await colleague.request('call:hang-up', { callId })).toMatchObject({ state: 'ended', reason: 'hung-up' });
  expect(await citizen.request('queue:list-mine', {})).toEqual({ entries: [] });
});

test('a call is not handed to somebody who leads another one, nor is he asked in', async () => {
  const { official, citizen, join } = ringing;
  await join(citizen);
  await invite(colleague);
  await join(colleague);
  const other = await startRinging(counter);
  expect(await codeOf(invite(other.official))).toBe('bad_state');
  // In a call of others as a colleague: whom he calls from the line would wait for him.
  const { entryId } = await counter.join(await counter.addCitizen());
  expect(await codeOf(colleague.request('queue:accept', { entryId }))).toBe('bad_state');
  expect(await rolesIn(official)).toHaveLength(1);
});

test('the official takes a colleague out, who is told and out of the room; nobody takes out the two', async () => {
  const { official, citizen, callId, join } = ringing;
  await join(citizen);
  await invite(colleague);
  await join(colleague);
  const remove = async (by: Person, whom: Person) => await by.request('call:remove', { callId, accountId: whom.accountId });
  expect(await codeOf(remove(citizen, colleague))).toBe('forbidden');
  expect(await codeOf(remove(colleague, citizen))).toBe('forbidden');
  expect(await codeOf(remove(official, citizen))).toBe('forbidden');
  expect((await remove(official, colleague)).participants).toHaveLength(2);
  expect((await remove(official, colleague)).participants).toHaveLength(2);
  expect(colleague.told('call:changed').at(-1)?.call.participants).toHaveLength(2);
  expect(
    official
      .told('call:members-changed')
      .at(-1)
      ?.members.members.map(({ role }) => role),
  ).toEqual(['citizen']);
  expect(await codeOf(join(colleague))).toBe('forbidden');
});

test('S09: six belong to a call at most, links that are out among them', async () => {
  const { official, callId } = ringing;
  const team = [
    colleague,
    await counter.addOfficial(),
    await counter.addOfficial(),
    await counter.addOfficial(),
    await counter.addOfficial(),
  ];
  for (const member of team.slice(0, 4)) await invite(member);
  expect((await official.request('call:list-mine', {})).calls[0]?.participants).toHaveLength(6);
  expect(await codeOf(invite(team[4] ?? colleague))).toBe('bad_state');
  await colleague.request('call:leave', { callId });
  expect(await codeOf(invite(team[4] ?? colleague))).toBe('accepted');
});

test('a day after the call nothing is kept of a guest, neither his account nor his name nor the link', async () => {
  const { citizen, official, callId, join } = ringing;
  await join(citizen);
  const accountId = chainId<'account'>();
  await sql`insert into accounts (account_id, role, display_name) values (${accountId}, 'guest', 'Ines Dias')`.execute(counter.database);
  await sql`
    insert into call_participants (call_id, account_id, role, display_name, inviter_id, granted, invited_at)
    values (${callId}, ${accountId}, 'interpreter', 'Ines Dias', ${citizen.accountId}, ${Buffer.alloc(8)}, now())`.execute(
    counter.database,
  );
  await invite(colleague);
  await official.request('call:hang-up', { callId });
  const kept = async (): Promise<unknown> =>
    (
      await sql`
        select (select count(*)::int from accounts where role = 'guest') as accounts,
          (select count(*)::int from call_participants where call_id = ${callId}) as participants`.execute(counter.database)
    ).rows[0];
  await counter.counter.sweep();
  expect(await kept()).toEqual({ accounts: 1, participants: 2 });
  counter.clock.at += limits.ratingMs + 1;
  await counter.counter.sweep();
  // Who of the office was in it stays.
  expect(await kept()).toEqual({ accounts: 0, participants: 1 });
});
