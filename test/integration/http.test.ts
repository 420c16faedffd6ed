import { connect } from 'node:net';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRateLimit } from '../../server/platform/rate-limit.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'schalter-pages-'));
  for (const locale of ['lb', 'fr', 'de', 'en', 'pt']) {
    await mkdir(join(directory, locale));
    await writeFile(join(directory, locale, 'index.html'), `start ${locale}`);
    await writeFile(join(directory, locale, 'page.html'), `page ${locale}`);
  }
  await mkdir(join(directory, 'assets'));
  await writeFile(join(directory, 'assets', 'main-1a2b.js'), 'script');
  await writeFile(join(directory, 'assets', 'main-1a2b.js.map'), 'map');
  await writeFile(join(directory, 'assets', '.env'), 'secret');
  server = await startTestServer({ clientDirectory: directory, rateLimit: createRateLimit(null) });
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const options = '/api/passkeys/authentication/options';

async function post(
  path: string,
  body: BodyInit | null,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> {
  return await fetch(`${server.origin}${path}`, { method: 'POST', body, headers });
}

/** What a browser would not let through: the bytes as they are. */
async function send(lines: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let answer = '';
  for await (const chunk of socket) {
    answer += String(chunk);
    if (answer.includes('\r\n\r\n')) break;
  }
  return answer;
}

test('every answer, also a refusal, carries the headers that keep others out', async () => {
  for (const path of ['/de/', '/api/offices', '/nothing', '/api/passkeys/registration']) {
    const { headers } = await fetch(`${server.origin}${path}`);
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "script-src 'self' 'wasm-unsafe-eval'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toContain('unsafe-inline');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('server') ?? headers.get('x-powered-by')).toBeNull();
  }
});

async function languageFor(accept: string): Promise<string | null> {
  const answer = await fetch(server.origin, { redirect: 'manual', headers: { 'accept-language': accept } });
  return answer.headers.get('location');
}

test('the start address leads to the language the browser asks for', async () => {
  expect(await languageFor('de-LU,fr;q=0.8')).toBe('/de/');
  expect(await languageFor('es,pt;q=0.5,lb;q=0.9')).toBe('/lb/');
  expect(await languageFor('ja')).toBe('/fr/');
  expect(await languageFor('en;q=0,de;q=0.1')).toBe('/de/');
  expect(await languageFor('*'.repeat(5_000))).toBe('/fr/');
});

test('pages come fresh each time, hashed files stay for ever', async () => {
  const start = await fetch(`${server.origin}/pt/`);
  expect([await start.text(), start.headers.get('cache-control')]).toEqual(['start pt', 'no-store']);
  const page = await fetch(`${server.origin}/lb/conversations/a1-b2`);
  expect([await page.text(), page.headers.get('cache-control')]).toEqual(['page lb', 'no-store']);
  const file = await fetch(`${server.origin}/assets/main-1a2b.js`);
  expect([await file.text(), file.headers.get('cache-control')]).toEqual(['script', 'public, max-age=31536000, immutable']);
});

test('nothing outside the pages is served, however its name is written', async () => {
  for (const path of [
    '/assets/main-1a2b.js.map',
    '/assets/.env',
    '/assets/..%2f..%2fpackage.json',
    '/de/..%2f..%2fetc%2fpasswd',
    '/de/%00',
    '/de/%252e%252e',
    '/de/a%5cb',
    '/.git/HEAD',
    '/de/.env',
    '/index.html',
    '/de/page.html',
    '/assets/',
    '/xx/',
  ]) {
    const answer = await send([`GET ${path} HTTP/1.1`, `Host: ${new URL(server.origin).host}`, 'Connection: close']);
    expect.soft(answer.split('\r\n')[0], path).toMatch(/ (404|400) /);
  }
});

test('a body that is too large, of another type, or no JSON is refused with its own status and nothing said', async () => {
  const large = await post(options, JSON.stringify({ x: 'y'.repeat(1024 * 1024) }));
  expect([large.status, await large.json()]).toEqual([413, { error: { code: 'too_large', retryable: false, ref: expect.any(String) } }]);
  expect((await post(options, '{}', { 'content-type': 'text/plain' })).status).toBe(415);
  expect((await post(options, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
  for (const body of [
    '{',
    '{"a":1e999}',
    '[]',
    '"text"',
    '7',
    `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"more":1}',
  ]) {
    expect.soft((await post(options, body)).status, body.slice(0, 40)).toBe(400);
  }
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test('a change asked for by another site is refused, and no other site may read', async () => {
  expect((await post(options, '{}', { 'content-type': 'application/json', origin: 'https://gov.example.evil' })).status).toBe(403);
  expect((await post(options, '{}', { 'content-type': 'application/json', origin: 'null' })).status).toBe(403);
  expect((await post(options, '{}', { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  const preflight = await fetch(`${server.origin}${options}`, {
    method: 'OPTIONS',
    headers: { origin: 'https://gov.example.evil', 'access-control-request-method': 'POST' },
  });
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  expect((await post(options, '{}')).status).toBe(200);
});

test('another host, an address that is too long, and too many headers are refused', async () => {
  expect(await send(['GET /api/offices HTTP/1.1', 'Host: evil.example', 'Connection: close'])).toMatch(/^HTTP\/1.1 400 /);
  const host = `Host: ${new URL(server.origin).host}`;
  expect(await send([`GET /de/${'a'.repeat(9 * 1024)} HTTP/1.1`, host, 'Connection: close'])).toMatch(/^HTTP\/1.1 4(00|14) /);
  expect(await send(['GET / HTTP/1.1', host, `X: ${'a'.repeat(17 * 1024)}`])).toMatch(/^HTTP\/1.1 431 /);
});

test('smuggled and unknown requests are refused', async () => {
  const host = `Host: ${new URL(server.origin).host}`;
  expect(await send([`POST ${options} HTTP/1.1`, host, 'Content-Length: 2', 'Transfer-Encoding: chunked', '', '0'])).toMatch(
    /^HTTP\/1.1 400 /,
  );
  expect(await send([`POST ${options} HTTP/1.1`, host, 'Content-Length: 2', 'Content-Length: 3'])).toMatch(/^HTTP\/1.1 400 /);
  for (const method of ['TRACE', 'PROPFIND', 'PUT'])
    expect(await send([`${method} /api/session HTTP/1.1`, host, 'Connection: close'])).toMatch(/^HTTP\/1.1 (400|404|405) /);
});

test('what whoever watches asks is answered under any host', async () => {
  const port = new URL(server.origin).port;
  for (const path of ['/livez', '/readyz']) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
  }
});

test('the cookie of a ceremony is for this host only, and for no script; a forwarded address counts for nothing', async () => {
  const answer = await post('/api/passkeys/registration/options', '{}', {
    'content-type': 'application/json',
    'x-forwarded-for': '203.0.113.9',
  });
  expect(answer.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^__Host-schalter-ceremony=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
  ]);
  const { rows } = await sql<{ address: string }>`select distinct address from challenges`.execute(server.database);
  expect(rows).toEqual([{ address: '127.0.0.1' }]);
});

test('of reports about the content policy ten a minute are kept, and all are thanked for', async () => {
  const before = server.log.length;
  for (let count = 0; count < 25; count += 1)
    expect((await post('/api/csp-reports', '{"csp-report":{}}', { 'content-type': 'application/csp-report' })).status).toBe(204);
  expect(server.log.slice(before).filter((line) => line.includes('content security policy'))).toHaveLength(10);
  expect((await post('/api/csp-reports', 'x'.repeat(1024 * 1024), { 'content-type': 'application/csp-report' })).status).toBe(413);
});

test('whoever begins ceremonies without end is slowed down and told for how long', async () => {
  let refused: Response | null = null;
  for (let count = 0; count < 70 && !refused; count += 1) {
    const answer = await post(options, '{}');
    if (answer.status !== 200) refused = answer;
  }
  expect(refused?.status).toBe(429);
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused?.json()).toMatchObject({ error: { code: 'slow_down', retryable: true, retryAfterMs: expect.any(Number) } });
});
