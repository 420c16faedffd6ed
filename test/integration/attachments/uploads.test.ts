import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AttachmentTransfer, createAttachmentTransfer } from '../../../client/net/attachment-transfer.ts';
import { Attachments } from '../../../server/attachments/attachments.ts';
import { type Blobs, openBlobDirectory } from '../../../server/attachments/blobs.ts';
import { AppError } from '../../../server/platform/app-error.ts';
import { toBase64Url } from '../../../server/protocol/base64url.ts';
import { sealedFileLength } from '../../../server/protocol/file-format.ts';
import { hash } from '../../../server/protocol/hash.ts';
import { type FileId, newId } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import type { Somebody } from '../../support/people.ts';
import { codeOf } from '../../support/refusal.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { TestOffice } from '../../support/test-office.ts';

const part = limits.filePartBytes;
const never = new AbortController().signal;
const hashOf = (bytes: Uint8Array) => toBase64Url(hash('gim1/blob', bytes));

let directory: string;
let blobs: Blobs;
/** What the disk says next; null: it works. */
let diskFailure: Error | null = null;
let nowMs = Date.now();
let server: TestServer;
let node2: TestServer;
/** What the server itself does every minute. */
let attachments: Attachments;
let office: TestOffice;
let scene: Scene;
let citizen: AttachmentTransfer;
let official: AttachmentTransfer;

function transferOf(who: Somebody, at: Pick<TestServer, 'origin'> = server): AttachmentTransfer {
  // The second node is reached under its own name; the cookie is the first one's.
  const fetch: typeof globalThis.fetch = async (input, init) =>
    await globalThis.fetch(input, {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init?.headers)), ...who.cookies.headers(), origin: at.origin },
    });
  return createAttachmentTransfer({ origin: at.origin, fetch });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'schalter-test-blobs-'));
  const onDisk = await openBlobDirectory(directory);
  blobs = {
    ...onDisk,
    write: async (...write) => {
      if (diskFailure) throw diskFailure;
      await onDisk.write(...write);
    },
  };
  server = await startTestServer({ blobs, now: () => nowMs });
  node2 = await startTestServer({ blobs, now: () => nowMs, databaseUrl: server.databaseUrl });
  const { database } = server;
  attachments = new Attachments({ database, blobs, now: () => nowMs, requireReadable: async () => Promise.reject(new Error('not asked')) });
  office = await TestOffice.create(server);
});

beforeEach(async () => {
  diskFailure = null;
  // A new citizen each time: quotas are a person's.
  scene = await openScene(office);
  [citizen, official] = [transferOf(scene.citizen), transferOf(scene.official)];
});

afterAll(async () => {
  office.close();
  await node2.close();
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function begin(transfer: AttachmentTransfer, bytes: number, fileId = newId<'file'>()): Promise<FileId> {
  await transfer.begin({ conversationId: scene.conversationId, fileId, bytes }, never);
  return fileId;
}

async function upload(transfer: AttachmentTransfer, bytes: Uint8Array, fileId = newId<'file'>()): Promise<FileId> {
  await begin(transfer, bytes.length, fileId);
  for (let offset = 0; offset < bytes.length; offset += part)
    await transfer.put(fileId, { offset, bytes: bytes.subarray(offset, offset + part) }, never);
  await transfer.finish({ fileId, hash: hashOf(bytes) }, never);
  return fileId;
}

async function download(transfer: AttachmentTransfer, fileId: FileId, { offset = 0, conversationId = scene.conversationId } = {}) {
  return new Uint8Array(await new Response(await transfer.get({ conversationId, fileId }, offset, never)).arrayBuffer());
}

/** Whether there is nothing of it, neither bytes nor a name. */
async function isGone(fileId: FileId): Promise<boolean> {
  const name = Buffer.from(fileId, 'base64url').toString('hex');
  const files = await readdir(directory, { recursive: true });
  return !files.some((file) => file.endsWith(name)) && (await codeOf(download(citizen, fileId))) === 'not_found';
}

describe('an upload', () => {
  test('comes back as it went, whole and in ranges, to both sides', async () => {
    const bytes = randomBytes(2 * part + 77);
    const fileId = await upload(citizen, bytes);
    expect(Buffer.from(await download(official, fileId)).equals(bytes)).toBe(true);
    expect(Buffer.from(await download(citizen, fileId, { offset: part + 5 })).equals(bytes.subarray(part + 5))).toBe(true);
  });

  test('goes on where it was broken off, and says where that is', async () => {
    const bytes = randomBytes(part + 1_000);
    const fileId = await begin(citizen, bytes.length);
    await citizen.put(fileId, { offset: 0, bytes: bytes.subarray(0, part) }, never);
    const again = await citizen.begin({ conversationId: scene.conversationId, fileId, bytes: bytes.length }, never);
    expect(again).toEqual({ received: part, isStored: false });
    await citizen.put(fileId, { offset: part, bytes: bytes.subarray(part) }, never);
    const finish = async () => await citizen.finish({ fileId, hash: hashOf(bytes) }, never);
    expect(await finish()).toEqual({ received: bytes.length, isStored: true });
    expect(await finish()).toEqual({ received: bytes.length, isStored: true });
    expect(await citizen.begin({ conversationId: scene.conversationId, fileId, bytes: bytes.length }, never)).toMatchObject({
      isStored: true,
    });
  });

  test('is answered as octets that nothing opens', async () => {
    const fileId = await upload(citizen, randomBytes(300));
    const url = `${server.origin}/api/attachments/${scene.conversationId}/${fileId}`;
    const { headers } = await fetch(url, { headers: scene.citizen.cookies.headers() });
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-disposition')).toBe('attachment');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('cache-control')).toBe('no-store');
    const beyond = await fetch(url, { headers: { ...scene.citizen.cookies.headers(), range: 'bytes=300-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */300']);
  });

  test('is refused without a session, from another site, and in any other form', async () => {
    const fileId = await begin(citizen, 300);
    const put = async (headers: Record<string, string>, body: BodyInit = randomBytes(300)) =>
      (await fetch(`${server.origin}/api/attachments/${fileId}/0`, { method: 'PUT', body, headers })).status;
    const octets = { 'content-type': 'application/octet-stream' };
    expect(await put(octets)).toBe(401);
    expect(await put({ ...octets, ...scene.citizen.cookies.headers(), origin: 'https://elsewhere.example' })).toBe(403);
    expect(await put({ 'content-type': 'text/plain', ...scene.citizen.cookies.headers() })).toBe(415);
    expect(await put({ 'content-type': 'application/json', ...scene.citizen.cookies.headers() }, '{"part":"x"}')).toBe(400);
    expect(await citizen.begin({ conversationId: scene.conversationId, fileId, bytes: 300 }, never)).toMatchObject({ received: 0 });
  });
});

describe('abuse of uploads', () => {
  test('U01 more than 100 MB, more than declared, less, out of order, twice, another hash: refused, and nothing to be seen', async () => {
    expect(await codeOf(begin(citizen, sealedFileLength(limits.fileBytes) + 1))).toBe('too_large');
    expect(await codeOf(begin(citizen, 0))).toBe('bad_request');
    const fileId = await begin(citizen, 1_000);
    const put = async (offset: number, bytes: Uint8Array) => await codeOf(citizen.put(fileId, { offset, bytes }, never));
    expect(await put(0, randomBytes(1_001))).toBe('too_large');
    expect(await put(500, randomBytes(500))).toBe('bad_request');
    expect(await put(0, new Uint8Array(part + 1))).toBe('too_large');
    const bytes = randomBytes(1_000);
    expect(await put(0, bytes.subarray(0, 600))).toBe('accepted');
    expect(await codeOf(citizen.finish({ fileId, hash: hashOf(bytes.subarray(0, 600)) }, never))).toBe('bad_request');
    expect(await codeOf(download(citizen, fileId))).toBe('not_found');
    expect(await put(0, bytes.subarray(0, 600))).toBe('accepted');
    expect(await put(400, bytes.subarray(400))).toBe('accepted');
    expect(await codeOf(citizen.finish({ fileId, hash: hashOf(randomBytes(9)) }, never))).toBe('bad_request');
    expect(await isGone(fileId)).toBe(true);
  });

  test('U02 uploads that are never finished: three at a time, swept after a quarter of an hour, and not while parts come', async () => {
    const begun = await Promise.all(Array.from({ length: 30 }, async () => await codeOf(begin(citizen, 1_000))));
    expect(begun.filter((code) => code === 'accepted')).toHaveLength(3);
    expect(new Set(begun)).toEqual(new Set(['accepted', 'slow_down']));
    const [alive] = await Promise.all([begin(official, 2_000), begin(official, 2_000)]);
    nowMs += limits.uploadIdleMs - 1_000;
    await official.put(alive, { offset: 0, bytes: randomBytes(10) }, never);
    nowMs += 2_000;
    await attachments.sweep();
    expect(await codeOf(begin(citizen, 1_000))).toBe('accepted');
    expect(await official.begin({ conversationId: scene.conversationId, fileId: alive, bytes: 2_000 }, never)).toMatchObject({
      received: 10,
    });
    expect(await codeOf(begin(official, 1_000))).toBe('accepted');
    expect(await codeOf(begin(official, 1_000))).toBe('accepted');
    expect(await codeOf(begin(official, 1_000))).toBe('slow_down');
  });

  test('U03 more than 200 MiB of a person in a day is more than his quota; what he takes back counts no more', async () => {
    const most = limits.fileBytes;
    const first = await begin(citizen, most);
    await begin(citizen, most);
    const rest = limits.uploadBytesPerDay - 2 * most;
    expect(await codeOf(begin(citizen, rest + 1))).toBe('quota');
    await citizen.discard(first);
    expect(await codeOf(begin(citizen, rest + 1))).toBe('accepted');
    expect(await codeOf(begin(citizen, most))).toBe('quota');
    expect(await codeOf(begin(official, 1_000))).toBe('accepted');
    nowMs += 24 * 60 * 60_000;
    await attachments.sweep();
    expect(await codeOf(begin(citizen, most))).toBe('accepted');
  });

  test('U04 an id that is guessed, of another conversation, or of what was taken back: not found, all alike', async () => {
    const fileId = await upload(citizen, randomBytes(300));
    const other = await openScene(office);
    const stranger = transferOf(other.citizen);
    expect(await codeOf(download(citizen, newId<'file'>()))).toBe('not_found');
    expect(await codeOf(download(stranger, fileId, { conversationId: other.conversationId }))).toBe('not_found');
    expect(await codeOf(download(stranger, fileId))).toBe('not_found');
    expect(await codeOf(stranger.put(fileId, { offset: 0, bytes: randomBytes(300) }, never))).toBe('not_found');
    expect(await codeOf(stranger.finish({ fileId, hash: hashOf(randomBytes(1)) }, never))).toBe('not_found');
    expect(await codeOf(stranger.begin({ conversationId: other.conversationId, fileId, bytes: 300 }, never))).toBe('conflict');
    expect(await codeOf(stranger.begin({ conversationId: scene.conversationId, fileId: newId<'file'>(), bytes: 300 }, never))).toBe(
      'not_found',
    );
    // Taking back another's does nothing, and says nothing.
    await stranger.discard(fileId);
    await official.discard(fileId);
    expect(await download(official, fileId)).toHaveLength(300);
    await citizen.discard(fileId);
    expect(await isGone(fileId)).toBe(true);
  });

  test('U04 what was sent longer ago than a quarter of an hour cannot be taken back any more', async () => {
    const fileId = await upload(citizen, randomBytes(300));
    nowMs += limits.uploadIdleMs + 1;
    expect(await codeOf(citizen.discard(fileId))).toBe('bad_state');
    expect(await download(official, fileId)).toHaveLength(300);
  });

  test('U04 who is removed from the team fetches nothing any more', async () => {
    const fileId = await upload(citizen, randomBytes(300));
    await office.removeOfficial(scene.official);
    expect(await codeOf(download(official, fileId))).toBe('not_found');
  });

  test('U05 an address with dots, slashes or NUL in it reaches no file', async () => {
    const { conversationId } = scene;
    const names = [
      '..%2f..%2fetc%2fpasswd',
      '%2e%2e',
      '%00',
      `${'A'.repeat(21)}.`,
      'A'.repeat(5_000),
      newId<'file'>().toLowerCase().slice(1),
    ];
    for (const name of names) {
      const { status } = await fetch(`${server.origin}/api/attachments/${conversationId}/${name}`, {
        headers: scene.citizen.cookies.headers(),
      });
      expect([400, 404, 414], name).toContain(status);
    }
  });

  test('U09 a disk that fills in mid-upload: no_space, nothing left of the file, the quota given back', async () => {
    const fileId = await begin(citizen, 2 * part);
    await citizen.put(fileId, { offset: 0, bytes: randomBytes(part) }, never);
    diskFailure = new AppError('no_space', 'full');
    const url = `${server.origin}/api/attachments/${fileId}/${part}`;
    const headers = { 'content-type': 'application/octet-stream', ...scene.citizen.cookies.headers() };
    expect((await fetch(url, { method: 'PUT', body: randomBytes(part), headers })).status).toBe(507);
    expect(await isGone(fileId)).toBe(true);
    diskFailure = null;
    // Three more could be begun: the one that is gone counts no more. And the same id can be begun anew.
    expect(await citizen.begin({ conversationId: scene.conversationId, fileId, bytes: 2 * part }, never)).toMatchObject({ received: 0 });
  });

  test('U11 the same part to two nodes at once is one, and so is finishing', async () => {
    const second = transferOf(scene.citizen, node2);
    const bytes = randomBytes(part + 5);
    const fileId = await begin(citizen, bytes.length);
    for (const offset of [0, part]) {
      const piece = { offset, bytes: bytes.subarray(offset, offset + part) };
      const answers = await Promise.all([citizen, second, citizen, second].map(async (node) => await node.put(fileId, piece, never)));
      for (const { received } of answers) expect(received).toBe(Math.min(bytes.length, offset + part));
    }
    await Promise.all([citizen, second].map(async (node) => await node.finish({ fileId, hash: hashOf(bytes) }, never)));
    const name = Buffer.from(fileId, 'base64url').toString('hex');
    expect((await readdir(directory, { recursive: true })).filter((file) => file.endsWith(name))).toHaveLength(1);
    expect(Buffer.from(await download(transferOf(scene.official, node2), fileId)).equals(bytes)).toBe(true);
  });
});
