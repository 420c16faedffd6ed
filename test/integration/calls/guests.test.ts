import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createCookieFetch } from '../../../client/net/cookie-fetch.ts';
import { createHttp } from '../../../client/net/http.ts';
import { type Base64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import { type CallInviteId, type GuestRole, type PeerId, sourcesOfRole } from '../../../server/protocol/calls.ts';
import type { SessionView } from '../../../server/protocol/accounts.ts';
import { type AccountId, type CallId, newId } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { Line, openSocket } from '../../support/people.ts';
import { codeOf } from '../../support/refusal.ts';
import { dtlsParameters, opusParameters, vp8Parameters } from '../../support/rtp-parameters.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { TestOffice } from '../../support/test-office.ts';
import { chainId } from '../../support/town.ts';

let sfu: TestSfu;
let server: TestServer;
let office: TestOffice;
let citizen: Line;
let official: Line;
let callId: CallId;

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
beforeEach(async () => {
  const [ana, nora] = [await office.addCitizen(), await office.addOfficial()];
  [citizen, official] = [await ana.connect(), await nora.connect()];
  const { conversationId } = await office.open(ana, citizen);
  await official.request('availability:set', { state: 'available', services: [], languages: [] });
  const entryId = newId<'queue entry'>();
  await citizen.request('queue:join', { entryId, serviceId: office.serviceId, conversationId, language: 'pt', needs: [] });
  ({ callId } = await official.request('queue:accept', { entryId }));
  await join(citizen);
});

/** What a link's fragment gives. */
interface Link {
  readonly inviteId: CallInviteId;
  readonly token: Base64Url;
  readonly accountId: AccountId;
}

const grant = toBase64Url(randomBytes(300));
const hashOf = (token: string): Base64Url => toBase64Url(createHash('sha256').update(token).digest());

async function invite(role: GuestRole = 'interpreter', by: Line = citizen, displayName = 'Ines Dias'): Promise<Link> {
  const link = { inviteId: newId<'call invite'>(), token: toBase64Url(randomBytes(32)), accountId: chainId<'account'>() };
  const { inviteId, token } = link;
  await by.request('call:invite', { callId, inviteId, role, displayName, tokenHash: hashOf(token), grant });
  return link;
}

/** A browser of its own. */
function browser() {
  const cookies = createCookieFetch(server.origin);
  const http = createHttp({ origin: server.origin, fetch: cookies.fetch });
  return {
    http,
    enter: async (link: Link): Promise<SessionView> => await http('POST /api/calls/guests', link),
    async connect(): Promise<Line> {
      const line = new Line(openSocket(server.origin, { ...cookies.headers(), origin: server.origin }));
      await line.connected;
      return line;
    },
  };
}

async function join(line: Line, peerId: PeerId = newId<'peer'>()) {
  const joined = await line.request('call:join', { callId, peerId });
  await line.request('call:connect-transport', { callId, peerId, transportId: joined.send.transportId, dtlsParameters });
  return { ...joined, peerId };
}

async function enter(role: GuestRole = 'interpreter', by: Line = citizen): Promise<{ line: Line; link: Link; session: SessionView }> {
  const link = await invite(role, by);
  const guest = browser();
  const session = await guest.enter(link);
  return { line: await guest.connect(), link, session };
}

const inviteOf = async (link: Link) =>
  (await citizen.request('call:list-invites', { callId })).invites.find(({ inviteId }) => inviteId === link.inviteId);

/** Every command there is, as the contract names it. */
function commandNames(): readonly string[] {
  const folder = new URL('../../../server/protocol/', import.meta.url);
  return readdirSync(folder).flatMap((file) =>
    Array.from(readFileSync(new URL(file, folder), 'utf8').matchAll(/'([a-z-]+:[a-z-]+)': \(request: /g), ([, name = '']) => name),
  );
}

const enterWith = async (link: Link): Promise<string> => await codeOf(browser().enter(link));

describe('a link into a call', () => {
  test('lets one in, once, as what it says: named by the inviter, a member with the grant, told in the conversation', async () => {
    const link = await invite('interpreter');
    expect(await inviteOf(link)).toMatchObject({ role: 'interpreter', displayName: 'Ines Dias', state: 'open' });
    const guest = browser();
    expect(await guest.enter(link)).toMatchObject({
      accountId: link.accountId,
      role: 'guest',
      displayName: 'Ines Dias',
      officeId: null,
      deviceId: null,
    });
    expect(await guest.http('GET /api/session')).toMatchObject({ role: 'guest', accountId: link.accountId });
    expect(await inviteOf(link)).toMatchObject({ state: 'used' });
    const line = await guest.connect();
    expect((await line.request('call:list-mine', {})).calls).toMatchObject([{ callId }]);
    const { members, peerId } = await join(line);
    expect(members.members.at(-1)).toEqual({ peerId, accountId: link.accountId, role: 'interpreter', deviceId: null, grant });
    expect((await official.next('call:members-changed', (fact) => fact.members.round === members.round)).members).toEqual(members);
    for (const again of [browser(), guest]) expect(await codeOf(again.enter(link))).toBe('invitation_invalid');
    expect(await codeOf(browser().enter({ ...link, accountId: chainId<'account'>() }))).toBe('invitation_invalid');
  });

  test('of ten browsers that use it at once lets one in', async () => {
    const link = await invite();
    const codes = await Promise.all(
      Array.from({ length: 10 }, async () => await codeOf(browser().enter({ ...link, accountId: chainId<'account'>() }))),
    );
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(codes.filter((code) => code === 'invitation_invalid')).toHaveLength(9);
  });

  test('is of no use with another token, withdrawn, expired, for the name of another account, or after the call: all alike', async () => {
    const link = await invite();
    expect(await enterWith({ ...link, token: toBase64Url(randomBytes(32)) })).toBe('invitation_invalid');
    expect(await enterWith({ ...link, inviteId: newId<'call invite'>() })).toBe('invitation_invalid');
    const { accountId } = (await citizen.request('call:list-mine', {})).calls[0]!.official;
    expect(await enterWith({ ...link, accountId })).toBe('invitation_invalid');
    // None of that has used it up.
    expect(await citizen.request('call:withdraw-invite', { callId, inviteId: link.inviteId })).toMatchObject({ state: 'withdrawn' });
    expect(await enterWith(link)).toBe('invitation_invalid');
    const late = await invite();
    await sql`update call_invites set expires_at = now() where invite_id = ${late.inviteId}`.execute(server.database);
    expect(await inviteOf(late)).toMatchObject({ state: 'expired' });
    expect(await enterWith(late)).toBe('invitation_invalid');
    const open = await invite();
    await citizen.request('call:hang-up', { callId });
    expect(await enterWith(open)).toBe('invitation_invalid');
    for (const bad of [{ ...open, more: 1 }, { ...open, token: 'short' }, { ...open, accountId: newId() }, {}])
      expect(await codeOf(browser().http('POST /api/calls/guests', bad as Link))).toBe('bad_request');
  });

  test('in a browser that is signed in otherwise makes it the guest’s, and nobody else’s any more', async () => {
    const somebody = await office.addCitizen();
    const line = await somebody.connect();
    const link = await invite();
    await somebody.http('POST /api/calls/guests', link);
    expect(await line.next('session:ended')).toEqual({ reason: 'signed-out' });
    expect(await somebody.http('GET /api/session')).toMatchObject({ role: 'guest', accountId: link.accountId });
  });

  test('is sent by the two alone, in the same words twice, never for more than six, and ends with a harmless name', async () => {
    const outsider = await (await office.addOfficial()).connect();
    const send = async (line: Line, request: Partial<Parameters<typeof citizen.request<'call:invite'>>[1]> = {}): Promise<string> =>
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
});

describe('a guest', () => {
  test('sends what his role sends, writes whatever it is, and cannot act for the two', async () => {
    for (const role of ['relative', 'interpreter', 'captioner'] as const) {
      const { line, link } = await enter(role);
      const { peerId } = await join(line);
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

  test('has his call and nothing else: every other command and every route that asks for a session refuses him', async () => {
    const link = await invite();
    const guest = browser();
    await guest.enter(link);
    const line = await guest.connect();
    // The schema is looked at after the role: what is allowed answers something else than `forbidden` to nonsense.
    const may = ['call:open-check', 'call:connect-check', 'call:close-check'];
    const own = new Set([
      ...may,
      ...['list-mine', 'join', 'signal', 'connect-transport', 'restart-ice', 'produce', 'pause-producer', 'close-producer'].map(
        (verb) => `call:${verb}`,
      ),
      ...['produce-data', 'consume', 'resume-consumer', 'prefer', 'request-key-frame', 'consume-data', 'leave'].map(
        (verb) => `call:${verb}`,
      ),
    ]);
    const names = commandNames();
    expect(names.length).toBeGreaterThan(85);
    for (const name of names) {
      const code = await codeOf(line.request(name as 'call:join', { nonsense: true } as never));
      expect([name, code]).toEqual([name, own.has(name) ? 'bad_request' : 'forbidden']);
    }
    const nobody = codeOf(guest.http('POST /api/session/device/options', {}));
    expect(await nobody).toBe('forbidden');
    expect(await codeOf(guest.http('POST /api/session/confirmation/options', {}))).toBe('forbidden');
    expect(await codeOf(guest.http('POST /api/passkeys/registration/options', { addition: true }))).toBe('forbidden');
  });

  test('who is in one call does not come near another', async () => {
    const { line } = await enter();
    const [here, peerId] = [callId, newId<'peer'>()];
    const [ana, nora] = [await office.addCitizen(), await office.addOfficial()];
    const [other, desk] = [await ana.connect(), await nora.connect()];
    const { conversationId } = await office.open(ana, other);
    await desk.request('availability:set', { state: 'available', services: [], languages: [] });
    const entryId = newId<'queue entry'>();
    await other.request('queue:join', { entryId, serviceId: office.serviceId, conversationId, language: 'pt', needs: [] });
    const elsewhere = await desk.request('queue:accept', { entryId });
    expect(await codeOf(line.request('call:join', { callId: elsewhere.callId, peerId }))).toBe('forbidden');
    expect(await codeOf(line.request('call:join', { callId: here, peerId }))).toBe('accepted');
    await desk.request('call:hang-up', { callId: elsewhere.callId });
  });

  test('is out when the call ends: told, his line closed, his cookie worth nothing', async () => {
    const link = await invite();
    const guest = browser();
    await guest.enter(link);
    const line = await guest.connect();
    await join(line);
    await official.request('call:hang-up', { callId });
    expect(await line.next('call:changed', ({ call }) => call.state === 'ended')).toMatchObject({ call: { callId } });
    expect(await line.next('session:ended')).toEqual({ reason: 'revoked' });
    await line.closed;
    expect(await guest.http('GET /api/session')).toBeNull();
    await expect(guest.connect()).rejects.toThrow('unauthenticated');
  });

  test('is taken out by whoever asked him in, or the official, for good; others’ guests stay', async () => {
    const mine = await enter('relative', citizen);
    const theirs = await enter('interpreter', official);
    await join(mine.line);
    await join(theirs.line);
    const remove = async (by: Line, { link }: typeof mine) =>
      await codeOf(by.request('call:remove', { callId, accountId: link.accountId }));
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

  test('who leaves has used his link up', async () => {
    const { line, link } = await enter();
    await join(line);
    expect(await line.request('call:leave', { callId })).toEqual({});
    expect(await line.next('session:ended')).toEqual({ reason: 'revoked' });
    expect(await codeOf(browser().enter(link))).toBe('invitation_invalid');
    expect((await citizen.request('call:list-mine', {})).calls[0]?.participants).toHaveLength(2);
  });
});
