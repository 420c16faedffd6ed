import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sourcesOfRole } from '../../../server/protocol/calls.ts';
import { newId } from '../../../server/protocol/ids.ts';
import { OpenCall } from '../../support/open-call.ts';
import type { Line } from '../../support/people.ts';
import { codeOf } from '../../support/refusal.ts';
import { opusParameters, vp8Parameters } from '../../support/rtp-parameters.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { TestOffice } from '../../support/test-office.ts';

let sfu: TestSfu;
let server: TestServer;
let office: TestOffice;
let call: OpenCall;

beforeAll(async () => {
  sfu = await startTestSfu();
  server = await startTestServer({ sfu });
  office = await TestOffice.create(server);
});
afterAll(async () => {
  office.close();
  await server.close();
  await sfu.close();
});
beforeEach(async () => void (call = await OpenCall.start(office)));

/** Every command there is, as the contract names it. */
function commandNames(): readonly string[] {
  const folder = new URL('../../../server/protocol/', import.meta.url);
  return readdirSync(folder).flatMap((file) =>
    Array.from(readFileSync(new URL(file, folder), 'utf8').matchAll(/'([a-z-]+:[a-z-]+)': \(request: /g), ([, name = '']) => name),
  );
}

test('a guest sends what his role sends, writes whatever it is, and cannot act for the two', async () => {
  const { callId } = call;
  for (const role of ['relative', 'interpreter', 'captioner'] as const) {
    const { line, link } = await call.enter(role);
    const { peerId } = await call.join(line);
    for (const source of ['microphone', 'camera', 'screen'] as const) {
      const [kind, rtpParameters] =
        source === 'microphone' ? (['audio', opusParameters()] as const) : (['video', vp8Parameters()] as const);
      const sent = codeOf(line.request('call:produce', { callId, peerId, producerId: newId<'producer'>(), kind, source, rtpParameters }));
      expect(await sent).toBe(sourcesOfRole[role].includes(source) ? 'accepted' : 'forbidden');
    }
    const data = { callId, peerId, dataProducerId: newId<'data producer'>(), sctpStreamParameters: { streamId: 0, ordered: true } };
    expect(await codeOf(line.request('call:produce-data', data))).toBe('accepted');
    expect(await codeOf(line.request('call:hang-up', { callId }))).toBe('forbidden');
    expect(await codeOf(line.request('call:remove', { callId, accountId: link.accountId }))).toBe('forbidden');
    expect(await codeOf(line.request('call:list-invites', { callId }))).toBe('forbidden');
    await line.request('call:leave', { callId });
  }
});

test('a guest has his call and nothing else: every other command and every route that asks for a session refuses him', async () => {
  const link = await call.invite();
  const guest = call.browser();
  await guest.enter(link);
  const line = await guest.connect();
  // The schema is looked at after the role: what is allowed answers something else than `forbidden` to nonsense.
  const may = ['call:open-check', 'call:connect-check', 'call:close-check'];
  const own = new Set([
    ...may,
    ...['list-mine', 'read', 'join', 'signal', 'connect-transport', 'restart-ice', 'produce', 'pause-producer', 'close-producer'].map(
      (verb) => `call:${verb}`,
    ),
    ...['produce-data', 'consume', 'resume-consumer', 'prefer', 'consume-data', 'leave'].map((verb) => `call:${verb}`),
  ]);
  const names = commandNames();
  expect(names.length).toBeGreaterThan(85);
  for (const name of names) {
    const code = await codeOf(line.request(name as 'call:join', { nonsense: true } as never));
    expect([name, code]).toEqual([name, own.has(name) ? 'bad_request' : 'forbidden']);
  }
  expect(await codeOf(guest.http('POST /api/session/device/options', {}))).toBe('forbidden');
  expect(await codeOf(guest.http('POST /api/session/confirmation/options', {}))).toBe('forbidden');
  expect(await codeOf(guest.http('POST /api/passkeys/registration/options', { addition: true }))).toBe('forbidden');
});

test('a guest of one call does not come near another', async () => {
  const { callId } = call;
  const { line } = await call.enter();
  const elsewhere = await OpenCall.start(office);
  const peerId = newId<'peer'>();
  expect(await codeOf(line.request('call:join', { callId: elsewhere.callId, peerId }))).toBe('forbidden');
  expect(await codeOf(line.request('call:join', { callId, peerId }))).toBe('accepted');
  expect((await line.request('call:list-mine', {})).calls).toHaveLength(1);
});

test('a guest is out when the call ends: told, his line closed, his cookie worth nothing', async () => {
  const { callId, official } = call;
  const link = await call.invite();
  const guest = call.browser();
  await guest.enter(link);
  const line = await guest.connect();
  await call.join(line);
  await official.request('call:hang-up', { callId });
  expect(await line.next('call:changed', (fact) => fact.call.state === 'ended')).toMatchObject({ call: { callId } });
  expect(await line.next('session:ended')).toEqual({ reason: 'revoked' });
  await line.closed;
  expect(await guest.http('GET /api/session')).toBeNull();
  await expect(guest.connect()).rejects.toThrow('unauthenticated');
});

test('a guest is taken out by whoever asked him in, or the official, for good; others’ guests stay', async () => {
  const { callId, citizen, official } = call;
  const mine = await call.enter('relative', citizen);
  const theirs = await call.enter('interpreter', official);
  await call.join(mine.line);
  await call.join(theirs.line);
  const remove = async (by: Line, { link }: typeof mine) => await codeOf(by.request('call:remove', { callId, accountId: link.accountId }));
  expect(await remove(citizen, theirs)).toBe('forbidden');
  expect(await remove(citizen, mine)).toBe('accepted');
  expect(await mine.line.next('session:ended')).toEqual({ reason: 'revoked' });
  const { members } = await official.next(
    'call:members-changed',
    (fact) => !fact.members.members.some(({ accountId }) => accountId === mine.link.accountId) && fact.members.members.length === 2,
  );
  expect(members.members.map(({ role }) => role)).toEqual(['citizen', 'interpreter']);
  expect(await remove(official, theirs)).toBe('accepted');
  expect((await official.request('call:list-mine', {})).calls[0]?.participants).toHaveLength(2);
});

test('a guest who leaves has used his link up', async () => {
  const { callId, citizen } = call;
  const { line, link } = await call.enter();
  await call.join(line);
  expect(await line.request('call:leave', { callId })).toEqual({});
  expect(await line.next('session:ended')).toEqual({ reason: 'revoked' });
  expect(await codeOf(call.browser().enter(link))).toBe('invitation_invalid');
  expect((await citizen.request('call:list-mine', {})).calls[0]?.participants).toHaveLength(2);
});
