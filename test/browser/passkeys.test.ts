import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedDemonstration } from '../../deploy/demonstration/seed.ts';
import { launchBrowser, newPerson, type Person } from '../support/browser.ts';
import { dumpStorage } from '../support/storage-dump.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let browser: Browser;
let server: TestServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'schalter-passkeys-'));
  const root = fileURLToPath(new URL('.', import.meta.url));
  const pages = join(directory, 'pages');
  await build({
    configFile: false,
    logLevel: 'warn',
    root,
    build: {
      outDir: pages,
      emptyOutDir: true,
      target: 'es2024',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(root, 'core.html') },
    },
  });
  await mkdir(join(pages, 'en'));
  await rename(join(pages, 'core.html'), join(pages, 'en', 'index.html'));
  server = await startTestServer({ clientDirectory: pages });
  await seedDemonstration({ database: server.database, keysFile: join(directory, 'keys.json') });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(directory, { recursive: true });
});

declare global {
  var prfOutputs: string[] | undefined;
  /** How this browser's authenticator behaves from now on. */
  var prfManner: 'as-it-is' | 'fails-at-create' | 'changes' | undefined;
}

/** Stands between the page and the authenticator: notes what comes out of the PRF, and spoils it on demand. */
function watchPrf(): void {
  const outputs: string[] = [];
  globalThis.prfOutputs = outputs;
  // An empty page has none.
  const credentials: CredentialsContainer | undefined = navigator.credentials;
  if (credentials === undefined) return;
  const spoil = (credential: Credential | null): Credential | null => {
    if (!(credential instanceof PublicKeyCredential)) return credential;
    const results = credential.getClientExtensionResults();
    const first = results.prf?.results?.first;
    if (!(first instanceof ArrayBuffer)) return credential;
    const bytes = new Uint8Array(first);
    if (globalThis.prfManner === 'changes') crypto.getRandomValues(bytes);
    outputs.push(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''));
    credential.getClientExtensionResults = () => results;
    return credential;
  };
  const [create, get] = [credentials.create.bind(credentials), credentials.get.bind(credentials)];
  credentials.create = async (options) => {
    if (globalThis.prfManner === 'fails-at-create' && options?.publicKey?.extensions?.prf) throw new DOMException('no', 'UnknownError');
    return spoil(await create(options));
  };
  credentials.get = async (options) => spoil(await get(options));
}

const authenticatorOptions = {
  protocol: 'ctap2',
  ctap2Version: 'ctap2_1',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
} as const;

async function visit({ hasPrf = true } = {}): Promise<Person> {
  const person = await newPerson(browser);
  await person.context.addInitScript(watchPrf);
  if (!hasPrf) await replaceAuthenticator(person);
  await load(person.page);
  return person;
}

/** By one without PRF that holds the same passkeys. */
async function replaceAuthenticator({ authenticator: { cdp, authenticatorId } }: Person): Promise<void> {
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
  await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  const added = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: authenticatorOptions });
  for (const credential of credentials) await cdp.send('WebAuthn.addCredential', { authenticatorId: added.authenticatorId, credential });
}

async function load(page: Page): Promise<void> {
  await page.goto(`${server.origin}/en/`);
  await page.waitForFunction(() => globalThis.desk !== undefined);
}

/** Another browser with the same passkey: this one's storage is emptied. */
async function forget({ page, context }: Person): Promise<void> {
  await page.goto('about:blank');
  await context.clearCookies();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Storage.clearDataForOrigin', { origin: server.origin, storageTypes: 'all' });
  await load(page);
}

const register = async (page: Page) => await page.evaluate(async () => await globalThis.desk?.register());
const signIn = async (page: Page) => await page.evaluate(async () => await globalThis.desk?.signIn());
const devices = async (page: Page) => await page.evaluate(async () => await globalThis.desk?.devices());
const setManner = async (page: Page, manner: NonNullable<typeof globalThis.prfManner>) =>
  await page.evaluate((now) => void (globalThis.prfManner = now), manner);

test('§13 31: what the PRF gives is in no request, and a server that is sent it refuses and raises an alarm', async () => {
  await using person = await visit();
  const { page } = person;
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))));
  await register(page);
  const first = await page.evaluate(() => globalThis.prfOutputs ?? []);
  await forget(person);
  expect(await signIn(page)).toBeNull();
  const outputs = [...first, ...(await page.evaluate(() => globalThis.prfOutputs ?? []))];
  expect(outputs.length).toBeGreaterThanOrEqual(3);
  expect(new Set(outputs).size).toBe(1);
  const everything = sent.join('\n');
  expect(everything).toContain('attestationObject');
  for (const output of outputs) {
    const bytes = Buffer.from(output, 'hex');
    for (const form of [output, bytes.toString('base64'), bytes.toString('base64url'), Array.from(bytes).join(',')])
      expect(everything).not.toContain(form);
  }
  expect(everything).not.toContain('"results"');

  // A page that does as the platform's own toJSON() does (crypto.md §1).
  const status = await page.evaluate(async () => {
    const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const offered = await (await fetch('/api/passkeys/authentication/options', { ...json, body: '{}' })).json();
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(offered.options);
    publicKey.extensions = { prf: { eval: { first: new Uint8Array(32) } } };
    const credential = await navigator.credentials.get({ publicKey });
    if (!(credential instanceof PublicKeyCredential)) throw new Error('no credential');
    const answer = { challengeId: offered.challengeId, response: credential.toJSON() };
    return (await fetch('/api/passkeys/authentication', { ...json, body: JSON.stringify(answer) })).status;
  });
  expect(status).toBe(400);
  expect(server.log.some((line) => line.includes('prf-results-received'))).toBe(true);
});

test('§13 32: without PRF, with one that fails and with one that changes, an account is made and works without it', async () => {
  await using without = await visit({ hasPrf: false });
  await register(without.page);
  expect(await devices(without.page)).toEqual(['browser']);
  await using failing = await visit();
  await setManner(failing.page, 'fails-at-create');
  await register(failing.page);
  expect(await devices(failing.page)).toEqual(['browser']);
  await using changing = await visit();
  await setManner(changing.page, 'changes');
  await register(changing.page);
  expect(await devices(changing.page)).toEqual(['browser']);
});

test('§13 32: a value that has changed opens nothing in another browser and leaves nothing there, and the right one opens it', async () => {
  await using person = await visit();
  const { page } = person;
  await register(page);
  expect(await devices(page)).toEqual(['browser', 'passkey']);
  await forget(person);
  await setManner(page, 'changes');
  expect(await signIn(page)).toBe('passkey-cannot');
  expect((await dumpStorage(person)).text).not.toContain('schalter/accounts');
  await setManner(page, 'as-it-is');
  expect(await signIn(page)).toBeNull();
  expect(await devices(page)).toEqual(['browser', 'browser', 'passkey']);
  expect(person.complaints).toEqual([]);
});

test('§13 33: nobody signs in without being verified, from another origin, or with an answer that was used', async () => {
  await using person = await visit();
  const { page, authenticator } = person;
  await register(page);
  await page.evaluate(async () => await globalThis.desk?.signOut());
  const { cdp, authenticatorId } = authenticator;
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await expect(signIn(page)).rejects.toThrow('cancelled');
  // It has blocked itself by now.
  await replaceAuthenticator(person);

  const answers: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/api/passkeys/authentication')) answers.push(request.postData() ?? '');
  });
  expect(await signIn(page)).toBeNull();
  const again = await page.evaluate(async (body) => {
    const response = await fetch('/api/passkeys/authentication', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return [response.status, (await response.json()).error.code];
  }, answers[0]!);
  expect(again).toEqual([401, 'passkey_refused']);

  // The same machine under another name: the passkey is bound to the first one.
  const elsewhere = server.origin.replace('localhost', '127.0.0.1');
  await page.goto(`${elsewhere}/en/`);
  const refusal = await page.evaluate(async () => {
    try {
      await navigator.credentials.get({ publicKey: { challenge: new Uint8Array(32), rpId: 'localhost' } });
      return 'signed';
    } catch (error) {
      return error instanceof DOMException ? error.name : 'other';
    }
  });
  expect(refusal).toBe('SecurityError');
});
