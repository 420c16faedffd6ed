import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Authenticator } from '../support/authenticator.ts';
import { Line, openSocket, Somebody } from '../support/people.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;

beforeAll(async () => {
  server = await startTestServer();
  office = await TestOffice.create(server);
});
afterAll(async () => {
  office.close();
  await server.close();
});

/** A WebSocket that speaks Engine.IO by hand. */
function open(query: string, headers: Record<string, string>): WebSocket {
  return new WebSocket(`${server.origin.replace('http', 'ws')}/socket.io/?${query}`, { headers });
}

async function statusOf(socket: WebSocket): Promise<number | 'open'> {
  return await new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
    socket.on('open', () => resolve('open'));
  });
}

/** Past the handshake, as a session's; resolves when the server has let it into the namespace. */
async function enter(somebody: Somebody): Promise<WebSocket> {
  const socket = open('EIO=4&transport=websocket', somebody.cookies.headers());
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('0')) socket.send('40');
      if (text.startsWith('40')) resolve();
    });
  });
  return socket;
}

async function closeCode(socket: WebSocket): Promise<number> {
  return await new Promise((resolve) => void socket.on('close', (code) => resolve(code)));
}

test('a handshake from another site, or from none, is refused before anything else', async () => {
  const citizen = await office.addCitizen();
  const { cookie = '' } = citizen.cookies.headers();
  for (const headers of [
    { cookie },
    { cookie, origin: 'https://gov.example.evil' },
    { cookie, origin: 'null' },
    { cookie, origin: server.origin, host: 'evil.example' },
    { origin: server.origin },
  ]) {
    // Engine.IO's one answer to an upgrade it refuses.
    expect(await statusOf(open('EIO=4&transport=websocket', headers))).toBe(400);
  }
});

test('without a session, or with one that is over, the line says so and is closed', async () => {
  const citizen = await office.addCitizen();
  const headers = citizen.cookies.headers();
  await sql`update sessions set expires_at = now() where account_id = ${citizen.accountId}`.execute(server.database);
  for (const cookie of [headers['cookie'], `__Host-schalter=${'x'.repeat(43)}`, '__Host-schalter=', 'other=1']) {
    const line = new Line(openSocket(server.origin, { ...headers, cookie: cookie ?? '' }));
    await expect(line.connected).rejects.toThrow('unauthenticated');
    line.socket.disconnect();
  }
});

test.each([
  'EIO=4&transport=polling',
  'EIO=3&transport=websocket',
  'EIO=4&transport=webtransport',
  'EIO=4&transport=websocket&sid=__proto__',
  'EIO=4&transport=websocket&sid=constructor',
  `EIO=4&transport=websocket&sid=${'s'.repeat(10_000)}`,
])('the handshake %s is refused', async (query) => {
  const citizen = await office.addCitizen();
  expect(await statusOf(open(query, citizen.cookies.headers()))).toBe(400);
});

test('of six windows of one session the oldest is told, closed, and no longer served', async () => {
  const citizen = await office.addCitizen();
  const lines = [];
  for (let count = 0; count < 6; count += 1) lines.push(await citizen.connect());
  const [oldest, ...others] = lines;
  expect(await oldest!.closed).toBe('io server disconnect');
  expect(oldest!.told('connection:replaced')).toHaveLength(1);
  for (const line of others) expect((await line.request('conversation:list', {})).conversations).toEqual([]);
});

test.each([
  ['a frame that is too large', '42["conversation:list",{}]'.padEnd(1024 * 1024 + 1)],
  ['an unknown namespace', '40/admin,'],
  ['an event with a reserved name', '42["disconnect"]'],
  ['an event without a name', '42[{}]'],
  ['attachments without end', '459999999-["message:send",{"_placeholder":true,"num":0}]'],
  ['a packet of no kind', 'x'],
])('%s ends the line, or is refused, and the others notice nothing', async (_, packet) => {
  const [attacker, citizen] = [await office.addCitizen(), await office.addCitizen()];
  const [socket, line] = [await enter(attacker), await citizen.connect()];
  const answered = new Promise<string>((resolve) => {
    socket.on('close', () => resolve('closed'));
    socket.on('message', (data: Buffer) => {
      if (data.toString().startsWith('44/admin')) resolve('refused');
    });
  });
  socket.send(packet);
  expect(await answered).toMatch(/closed|refused/);
  expect((await line.request('conversation:list', {})).conversations).toEqual([]);
  socket.terminate();
});

test('compression is not negotiated, whatever is offered', async () => {
  const citizen = await office.addCitizen();
  const socket = open('EIO=4&transport=websocket', citizen.cookies.headers());
  expect(await statusOf(socket)).toBe('open');
  expect(socket.extensions).toBe('');
  socket.terminate();
});

test('a flood of packets ends the line', async () => {
  const socket = await enter(await office.addCitizen());
  const closed = closeCode(socket);
  for (let count = 0; count < 1_000; count += 1) socket.send('3');
  expect(await closed).toBeGreaterThan(0);
});

test('unknown commands are answered as such; the tenth ends the line', async () => {
  const citizen = await office.addCitizen();
  const line = await citizen.connect();
  const emit = line.socket.emitWithAck.bind(line.socket) as unknown as (name: string, payload: unknown) => Promise<unknown>;
  const answers = await Promise.all(
    ['__proto__', 'constructor', 'toString', 'message:delete', '', 'x', 'y', 'z', 'q'].map(async (name) => await emit(name, {})),
  );
  for (const answer of answers) expect(answer).toMatchObject({ ok: false, error: { code: 'unknown_command' } });
  const closed = line.closed;
  void emit('one more', {}).catch(() => undefined);
  expect(await closed).toBe('io server disconnect');
});

test('every command refuses every payload that is not its own, and the process stays', async () => {
  const [citizen, official] = [await office.addCitizen(), await office.addOfficial()];
  const wrong = [
    null,
    0,
    -1,
    'text',
    [],
    true,
    {},
    { more: 1 },
    { conversationId: null },
    { inboxId: 'x', afterSeqno: -1 },
    { accountIds: Array.from({ length: 101 }, () => citizen.accountId) },
    JSON.parse('{"__proto__":{"polluted":true}}') as unknown,
  ];
  for (const somebody of [citizen, official]) {
    const line = await somebody.connect();
    const emit = line.socket.emitWithAck.bind(line.socket) as unknown as (
      name: string,
      payload: unknown,
    ) => Promise<{ ok: boolean; error?: { code: string } }>;
    for (const name of [
      'account:load',
      'inbox:load',
      'inbox:load-boxes',
      'inbox:append',
      'conversation:open',
      'conversation:pull',
      'epoch:append',
      'message:send',
      'conversation:mark-read',
    ]) {
      for (const payload of wrong) {
        const { error } = await emit(name, payload);
        expect.soft(['bad_request', 'forbidden'], `${name} ${JSON.stringify(payload)}`).toContain(error?.code);
      }
    }
  }
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test('signing out ends all windows of the session, and no other session of the account', async () => {
  const citizen = await office.addCitizen();
  const [first, second] = [await citizen.connect(), await citizen.connect()];
  const elsewhere = new Somebody(server, citizen.gim, citizen.authenticator);
  await elsewhere.signIn();
  const other = await elsewhere.connect();
  await citizen.http('DELETE /api/session');
  for (const line of [first, second]) {
    expect(await line.next('session:ended')).toEqual({ reason: 'signed-out' });
    expect(await line.closed).toBe('io server disconnect');
  }
  expect((await other.request('conversation:list', {})).conversations).toEqual([]);
  elsewhere.close();
});

test('what is done over a socket keeps the session alive', async () => {
  const official = await office.addOfficial();
  const line = await official.connect();
  await sql`update sessions set last_seen_at = now() - interval '10 minutes' where account_id = ${official.accountId}`.execute(
    server.database,
  );
  await line.request('conversation:list', {});
  const isAlive = async (): Promise<boolean> => {
    const { rows } = await sql<{
      fresh: boolean;
    }>`select last_seen_at > now() - interval '1 minute' as fresh from sessions where account_id = ${official.accountId}`.execute(
      server.database,
    );
    return rows[0]?.fresh === true;
  };
  await expect.poll(isAlive, { timeout: 20_000 }).toBe(true);
});

test("a client that takes up nothing is closed before it fills the server's memory", async () => {
  const [reader, official] = [await office.addCitizen(), await office.addOfficial()];
  const socket = await enter(reader);
  const closed = closeCode(socket);
  socket.pause();
  // Answers nobody takes up: far more than the socket's buffers and the cap together.
  const request = `420["account:load",{"accountIds":[${Array.from({ length: 100 }, () => `"${reader.accountId}"`).join(',')}]}]`;
  for (let count = 0; count < 100; count += 1) socket.send(request);
  await expect
    .poll(() => server.log.some((line) => line.includes('a slow reader') && line.includes(reader.accountId)), { timeout: 20_000 })
    .toBe(true);
  socket.resume();
  expect(await closed).toBeGreaterThan(0);
  expect((await (await official.connect()).request('conversation:list', {})).conversations).toEqual([]);
});

test('a passkey of one browser opens a second line elsewhere, with keys or without', async () => {
  const citizen = await office.addCitizen();
  const stranger = new Somebody(server, office.world.person(), citizen.authenticator);
  const { challengeId, options } = await stranger.http('POST /api/passkeys/authentication/options', {});
  const view = await stranger.http('POST /api/passkeys/authentication', { challengeId, response: citizen.authenticator.get(options) });
  expect(view).toMatchObject({ accountId: citizen.accountId, deviceId: null });
  const line = await stranger.connect();
  await expect(line.request('account:load-boxes', {})).rejects.toMatchObject({ code: 'forbidden' });
  expect(new Authenticator({ origin: server.origin }).credentialId).not.toEqual(citizen.authenticator.credentialId);
  stranger.close();
});
