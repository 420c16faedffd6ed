import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCoreRetention } from '../../client/app/core-retention.ts';
import { ConversationLog } from '../../client/conversations/conversation-log.ts';
import { renewCase } from '../../client/conversations/renew-case.ts';
import { buildRotation } from '../../client/inbox/membership.ts';
import { membershipParts } from '../../client/inbox/teams.ts';
import { Subject, waitUntil } from '../../client/net/observable.ts';
import type { RequestFunction } from '../../client/net/request.ts';
import type { ConnectionState } from '../../client/net/socket.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { Somebody } from '../support/people.ts';
import { codeOf } from '../support/refusal.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { openTeams, type TeamHand } from '../support/team-hand.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
const offices: TestOffice[] = [];
const closes: (() => void)[] = [];
const yearMs = 365 * 24 * 60 * 60_000;
const fiveYearsAgo = (): number => Date.now() - 5 * yearMs;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  for (const close of closes) close();
  for (const office of offices) office.close();
  await server.close();
});

/** What somebody's page has of the office: his keys, his conversations, and the work of a cut. */
async function open(somebody: Somebody, within?: (request: RequestFunction) => RequestFunction) {
  const hand = await openTeams(somebody, within);
  const { account, line } = hand;
  let forgotten = 0;
  const gone = new Subject(0);
  const core = openCoreRetention({
    account,
    reader: account.reader,
    request: within?.(line.request) ?? line.request,
    on: (name, listener) => {
      line.socket.on(name, listener as never);
      return () => void line.socket.off(name, listener as never);
    },
    connection: new Subject<ConnectionState>({ status: 'connected', since: 0 }),
    onForgotten: () => gone.set(++forgotten),
    now: Date.now,
  });
  closes.push(() => {
    hand.teams.close();
    core.close();
  });
  return { ...hand, ...core, gone };
}

/** An office with an old case and one that goes on, and its admin. */
async function scene() {
  const office = await TestOffice.create(server, { name: `office-${offices.length + 1}` });
  offices.push(office);
  const admin = await office.addOfficial('admin');
  const citizen = await office.addCitizen();
  const citizenLine = await citizen.connect();
  const write = async (text: string) => {
    const { conversation, conversationId } = await office.open(citizen, citizenLine);
    await citizenLine.request('message:send', { conversationId, envelope: toBase64Url(conversation.send(citizen.gim, text)) });
    return conversationId;
  };
  const [old, live] = [await write('An old secret'), await write('Still going on')];
  for (const statement of [
    sql`update entries set accepted_at = accepted_at - interval '6 years' where conversation_id = ${old}`,
    sql`update conversations set opened_at = opened_at - interval '6 years', last_activity_at = last_activity_at - interval '6 years' where conversation_id = ${old}`,
  ])
    await statement.execute(server.database);
  return { office, admin, citizen, old, live };
}

/** The texts of a conversation that somebody can open with what he and the server have now; with whether the office let it expire. */
async function read({ account, line }: Pick<TeamHand, 'account' | 'line'>, conversationId: ConversationId) {
  const { conversation, entries } = await line.request('conversation:pull', { conversationId, after: 0 });
  const parties = { citizenId: fromBase64Url(conversation.citizenId), inboxId: fromBase64Url(conversation.inboxId) };
  let log = new ConversationLog({ conversationId, parties, reader: account.reader });
  for (const entry of entries) await log.append(entry);
  if (log.hasFoundKeys) log = await log.replayed();
  const texts = log.opened.flatMap((entry) =>
    entry.kind === 'message' && entry.body.content.type === 'text' ? [entry.body.content.text] : [],
  );
  return { texts, epoch: log.epoch, hasExpired: log.epoch !== null && account.reader.hasExpired(log.epoch.state) };
}

async function generationsOf({ account }: TeamHand, { inboxId }: TestOffice): Promise<number[]> {
  return (await account.inboxKeys.open(inboxId)).map(({ generation }) => generation);
}

test('live cases keep their history for who joins later, an old one opens for nobody of the office, and the citizen keeps his own', async () => {
  const { office, admin, citizen, old, live } = await scene();
  const colleague = await office.addOfficial();
  const [lead, member] = [await open(admin), await open(colleague)];
  expect((await read(member, old)).texts).toEqual(['An old secret']);
  const ringBefore = await member.account.inboxKeys.open(office.inboxId);
  const work = lead.retention(office.inboxId);
  expect(await work.survey(fiveYearsAgo())).toMatchObject({ staying: 1, expiring: 1 });
  const told = waitUntil(member.gone, (count) => count > 0);
  await work.begin(fiveYearsAgo());
  expect(work.state.value).toMatchObject({ failure: null, leftOver: [], cut: { generation: 2, forgottenAt: expect.any(Number) } });
  await told;

  // The colleague's page, open all the time, has nothing of before any more, neither in memory nor in its database.
  expect(await generationsOf(member, office)).toEqual([2]);
  expect(ringBefore.map(({ seed, kemSk }) => [...seed, ...kemSk].every((byte) => byte === 0))).toEqual([true]);
  expect((await member.database.list('boxes', `${colleague.accountId}/`)).flat().map(({ generation }) => generation)).toEqual([2]);
  expect(await read(member, live)).toMatchObject({ texts: ['Still going on'], hasExpired: false });
  expect(await read(member, old)).toMatchObject({ texts: [], hasExpired: true });

  const late = await open(await letIn(office, lead));
  expect((await read(late, live)).texts).toEqual(['Still going on']);
  expect(await read(late, old)).toMatchObject({ texts: [], hasExpired: true });
  expect((await read(await open(citizen), old)).texts).toEqual(['An old secret']);

  // Nothing of what the server still has is for anybody but the citizen, and the old seed is sealed to nobody.
  const { rows } = await sql<{ boxes: number; seeds: number; previous: number }>`select
    (select count(*)::integer from epoch_boxes where conversation_id = ${old} and reader_kind <> 'user') as boxes,
    (select count(*)::integer from inbox_boxes where inbox_id = ${office.inboxId} and generation < 2) as seeds,
    (select count(*)::integer from inbox_generations where inbox_id = ${office.inboxId} and previous_box is not null) as previous`.execute(
    server.database,
  );
  expect(rows).toEqual([{ boxes: 0, seeds: 0, previous: 0 }]);
});

/** Lets somebody in by a page: the office's own copy of the chain does not know of the cut. */
async function letIn(office: TestOffice, { teams }: TeamHand): Promise<Somebody> {
  const newcomer = await office.enrol();
  const team = teams.team(office.inboxId);
  await waitUntil(team.state, ({ applicants }) => applicants.some(({ accountId }) => accountId === newcomer.accountId));
  await team.perform({ type: 'add', accountId: newcomer.accountId, role: 'member' }, null);
  return newcomer;
}

test('a crash between the cut and the deletion loses nothing: another page, or another person, goes on where it was', async () => {
  const { office, admin, old, live } = await scene();
  const first = await open(admin, (request) => async (name, payload) => {
    if (name === 'epoch:append') throw new Error('the page is gone');
    return await request(name, payload);
  });
  await expect(first.retention(office.inboxId).begin(fiveYearsAgo())).rejects.toThrow('the page is gone');
  // Until it is finished everybody reads everything, also who opens the page just now.
  const second = await open(office.owner);
  await second.retention(office.inboxId).refresh();
  expect(second.retention(office.inboxId).state.value.cut).toMatchObject({ generation: 2, forgottenAt: null });
  const again = await open(admin);
  expect(await generationsOf(again, office)).toEqual([1, 2]);
  expect([(await read(again, old)).texts, (await read(again, live)).texts]).toEqual([['An old secret'], ['Still going on']]);
  expect(await codeOf(again.line.request('inbox:forget', { inboxId: office.inboxId, generation: 2 }))).toBe('conflict');

  const { state } = again.retention(office.inboxId);
  await again.retention(office.inboxId).goOn();
  expect(state.value).toMatchObject({ failure: null, leftOver: [], cut: { forgottenAt: expect.any(Number) } });
  expect([(await read(again, live)).texts, (await read(again, old)).texts]).toEqual([['Still going on'], []]);
});

test('only who leads the team lets cases expire, only by a cut, and doing it twice does it once', async () => {
  const { office, admin, live } = await scene();
  const { inboxId } = office;
  const [lead, member] = [await open(admin), await open(await office.addOfficial())];
  const quietSince = fiveYearsAgo();
  const rotation = async ({ account }: TeamHand, reason: 'scheduled' | 'retention_cut') =>
    await buildRotation(membershipParts(account, inboxId, Date.now), reason);
  const cut = async (hand: TeamHand, link: Awaited<ReturnType<typeof rotation>>, since = quietSince) =>
    await hand.line.request('inbox:cut', { inboxId, link, quietSince: since });

  expect(await codeOf(cut(lead, await rotation(lead, 'scheduled')))).toBe('bad_request');
  expect(await codeOf(cut(lead, await rotation(lead, 'retention_cut'), Date.now() + yearMs))).toBe('bad_request');
  for (const act of [
    cut(member, await rotation(member, 'retention_cut')),
    member.line.request('inbox:read-cut', { inboxId }),
    member.line.request('inbox:survey-cut', { inboxId, quietSince, generation: 2, after: null }),
    member.line.request('inbox:forget', { inboxId, generation: 2 }),
  ])
    expect(await codeOf(act)).toBe('forbidden');
  expect(await codeOf(lead.line.request('inbox:forget', { inboxId, generation: 1 }))).toBe('not_found');
  expect(await codeOf(lead.line.request('inbox:forget', { inboxId, generation: 2 }))).toBe('not_found');

  const link = await rotation(lead, 'retention_cut');
  const begun = await cut(lead, link);
  expect(await cut(lead, link)).toEqual(begun);
  expect(begun).toEqual({ generation: 2, quietSince, forgottenAt: null });
  await lead.account.inboxChains.load(inboxId, { fresh: true });
  expect(await codeOf(cut(lead, await rotation(lead, 'retention_cut')))).toBe('bad_state');
  expect(await codeOf(lead.line.request('inbox:forget', { inboxId, generation: 2 }))).toBe('conflict');

  const parts = { request: lead.line.request, reader: lead.account.reader, isWanted: () => true };
  await renewCase(live, parts);
  const { epoch } = await read(lead, live);
  await renewCase(live, parts);
  expect((await read(lead, live)).epoch?.state.epoch).toBe(epoch?.state.epoch);
  expect(epoch?.state).toMatchObject({ epoch: 2, reason: 'newer_key' });
  const done = await lead.line.request('inbox:forget', { inboxId, generation: 2 });
  expect(await lead.line.request('inbox:forget', { inboxId, generation: 2 })).toEqual(done);
  // What was taken along is no activity: quiet for long enough, it expires with the next cut.
  const survey = await lead.line.request('inbox:survey-cut', { inboxId, quietSince: Date.now(), generation: 3, after: null });
  expect(survey).toMatchObject({ staying: 0, expiring: 1, outstanding: 0 });
});

test('a citizen who writes in an expired case opens it for the office again', async () => {
  const { office, admin, citizen, old } = await scene();
  const lead = await open(admin);
  const told = waitUntil(lead.gone, (count) => count > 0);
  await lead.retention(office.inboxId).begin(fiveYearsAgo());
  await told;
  expect((await read(lead, old)).hasExpired).toBe(true);
  const hand = await open(citizen);
  await renewCase(old, { request: hand.line.request, reader: hand.account.reader, isWanted: () => true });
  expect(await read(lead, old)).toMatchObject({ texts: ['An old secret'], hasExpired: false });
});
