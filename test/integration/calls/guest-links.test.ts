import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { toBase64Url } from '../../../server/protocol/base64url.ts';
import type { GuestEntry } from '../../../server/protocol/calls.ts';
import type { Request } from '../../../server/protocol/commands.ts';
import { newId } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { grant, hashOf, OpenCall } from '../../support/open-call.ts';
import type { Line } from '../../support/people.ts';
import { codeOf } from '../../support/refusal.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { TestOffice } from '../../support/test-office.ts';
import { chainId } from '../../support/town.ts';

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

const enterWith = async (link: GuestEntry): Promise<string> => await codeOf(call.browser().enter(link));

test('a link lets one in, once, as what it says: named by the inviter, a member with the grant, told in the conversation', async () => {
  const { callId, official } = call;
  const link = await call.invite('interpreter');
  expect(await call.inviteOf(link)).toMatchObject({ role: 'interpreter', displayName: 'Ines Dias', state: 'open' });
  const guest = call.browser();
  expect(await guest.enter(link)).toMatchObject({
    accountId: link.accountId,
    role: 'guest',
    displayName: 'Ines Dias',
    officeId: null,
    deviceId: null,
  });
  expect(await guest.http('GET /api/session')).toMatchObject({ role: 'guest', accountId: link.accountId });
  expect(await call.inviteOf(link)).toMatchObject({ state: 'used' });
  const line = await guest.connect();
  expect((await line.request('call:list-mine', {})).calls).toMatchObject([{ callId }]);
  const { members, peerId } = await call.join(line);
  expect(members.members.at(-1)).toEqual({ peerId, accountId: link.accountId, role: 'interpreter', deviceId: null, grant });
  expect((await official.next('call:members-changed', (fact) => fact.members.round === members.round)).members).toEqual(members);
});

test('whoever used a link and did not hear the answer is let in again by what only his tab knows; nobody else is, and he not as another', async () => {
  const { callId, citizen, official } = call;
  const link = await call.invite();
  const { accountId } = await call.browser().enter(link);
  const { round } = (await call.join(official)).members;
  const guest = call.browser();
  expect(await guest.enter(link)).toMatchObject({ accountId, role: 'guest', displayName: 'Ines Dias' });
  const line = await guest.connect();
  const { participants } = (await line.request('call:list-mine', {})).calls[0]!;
  expect(participants.filter(({ role }) => role === 'interpreter')).toHaveLength(1);
  expect((await call.join(line)).members.round).toBe(round + 1);

  const another = await call.enter('relative');
  for (const stolen of [
    { ...link, attempt: toBase64Url(randomBytes(32)) },
    { ...link, token: toBase64Url(randomBytes(32)) },
    { ...link, accountId: another.link.accountId },
    { ...link, accountId: participants.find(({ role }) => role === 'official')!.accountId },
    { ...link, accountId: chainId<'account'>() },
  ])
    expect(await enterWith(stolen)).toBe('invitation_invalid');
  // Taken out is taken out, and over is over.
  await citizen.request('call:remove', { callId, accountId });
  expect(await enterWith(link)).toBe('invitation_invalid');
  await citizen.request('call:hang-up', { callId });
  expect(await enterWith(another.link)).toBe('invitation_invalid');
});

test('of ten browsers that use a link at once it lets one in', async () => {
  const link = await call.invite();
  const codes = await Promise.all(
    Array.from({ length: 10 }, async () => await codeOf(call.browser().enter({ ...link, accountId: chainId<'account'>() }))),
  );
  expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
  expect(codes.filter((code) => code === 'invitation_invalid')).toHaveLength(9);
});

test('a link is of no use with another token, withdrawn, expired, for the name of another account, or after the call: all alike', async () => {
  const { callId, citizen } = call;
  const link = await call.invite();
  expect(await enterWith({ ...link, token: toBase64Url(randomBytes(32)) })).toBe('invitation_invalid');
  expect(await enterWith({ ...link, inviteId: newId<'call invite'>() })).toBe('invitation_invalid');
  const { accountId } = (await citizen.request('call:list-mine', {})).calls[0]!.official;
  expect(await enterWith({ ...link, accountId })).toBe('invitation_invalid');
  // None of that has used it up.
  expect(await citizen.request('call:withdraw-invite', { callId, inviteId: link.inviteId })).toMatchObject({ state: 'withdrawn' });
  expect(await enterWith(link)).toBe('invitation_invalid');
  const late = await call.invite();
  await sql`update call_invites set expires_at = now() where invite_id = ${late.inviteId}`.execute(server.database);
  expect(await call.inviteOf(late)).toMatchObject({ state: 'expired' });
  expect(await enterWith(late)).toBe('invitation_invalid');
  const open = await call.invite();
  await citizen.request('call:hang-up', { callId });
  expect(await enterWith(open)).toBe('invitation_invalid');
  for (const bad of [{ ...open, more: 1 }, { ...open, token: 'short' }, { ...open, accountId: newId() }, {}])
    expect(await codeOf(call.browser().http('POST /api/calls/guests', bad as GuestEntry))).toBe('bad_request');
});

test('a link in a browser that is signed in otherwise makes it the guest’s, and nobody else’s any more', async () => {
  const somebody = await office.addCitizen();
  const line = await somebody.connect();
  const link = await call.invite();
  await somebody.http('POST /api/calls/guests', link);
  expect(await line.next('session:ended')).toEqual({ reason: 'signed-out' });
  expect(await somebody.http('GET /api/session')).toMatchObject({ role: 'guest', accountId: link.accountId });
});

test('a link is sent by the two alone, in the same words twice, never for more than six, and ends with a harmless name', async () => {
  const { callId, citizen, official } = call;
  const outsider = await (await office.addOfficial()).connect();
  const send = async (line: Line, request: Partial<Request<'call:invite'>> = {}): Promise<string> =>
    await codeOf(
      line.request('call:invite', {
        callId,
        inviteId: newId<'call invite'>(),
        role: 'relative',
        displayName: 'Ana',
        tokenHash: hashOf(toBase64Url(randomBytes(32))),
        grant,
        ...request,
      }),
    );
  expect(await send(outsider)).toBe('forbidden');
  for (const displayName of ['', '   ', 'x'.repeat(limits.guestNameCharacters + 1), 'a\u202Eb', 'a\nb'])
    expect(await send(citizen, { displayName })).toBe('bad_request');
  expect(await send(citizen, { grant: toBase64Url(randomBytes(limits.callGrantBytes + 1)) })).toBe('bad_request');
  const [inviteId, tokenHash] = [newId<'call invite'>(), hashOf(toBase64Url(randomBytes(32)))];
  expect(await send(official, { inviteId, tokenHash })).toBe('accepted');
  expect(await send(official, { inviteId, tokenHash })).toBe('accepted');
  expect(await send(official, { inviteId })).toBe('conflict');
  expect(await send(citizen, { inviteId, tokenHash })).toBe('conflict');
  for (let left = 3; left > 0; left -= 1) expect(await send(citizen)).toBe('accepted');
  expect(await send(citizen)).toBe('bad_state');
  expect(await codeOf(citizen.request('call:withdraw-invite', { callId, inviteId }))).toBe('forbidden');
  expect((await citizen.request('call:list-invites', { callId })).invites).toHaveLength(4);
  const [own] = (await official.request('call:list-invites', { callId })).invites.filter((each) => each.inviteId !== inviteId);
  expect(await official.request('call:withdraw-invite', { callId, inviteId: own!.inviteId })).toMatchObject({ state: 'withdrawn' });
  expect(await send(citizen)).toBe('accepted');
});
