import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Attachments, type Upload } from '../../../client/attachments/attachments.ts';
import { FileError } from '../../../client/attachments/file-error.ts';
import { createFileTasks, type FileTasks } from '../../../client/attachments/file-tasks.ts';
import { blobStaging, type Staging } from '../../../client/attachments/staging.ts';
import { decodeFilePayload, type FileDescription } from '../../../client/crypto/file-payload.ts';
import { type AttachmentTransfer, createAttachmentTransfer } from '../../../client/net/attachment-transfer.ts';
import { memoryLock } from '../../../client/net/lock.ts';
import { Subject, waitUntil } from '../../../client/net/observable.ts';
import { noAnswer } from '../../../client/net/request-error.ts';
import type { ConnectionState } from '../../../client/net/socket.ts';
import type { Database } from '../../../client/storage/database.ts';
import { memoryDatabase } from '../../../client/storage/memory-database.ts';
import { createUploadStore } from '../../../client/storage/upload-store.ts';
import { openVault } from '../../../client/storage/vault.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { decodeMessageBody } from '../../../server/protocol/message-body.ts';
import type { Somebody } from '../../support/people.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { TestOffice } from '../../support/test-office.ts';

let server: TestServer;
let office: TestOffice;
let scene: Scene;
const nothing = { signal: new AbortController().signal, onProgress: () => undefined };

beforeAll(async () => {
  server = await startTestServer();
  office = await TestOffice.create(server);
});

beforeEach(async () => {
  scene = await openScene(office);
});

afterAll(async () => {
  office.close();
  await server.close();
});

/** A browser's page: what it keeps is given, so that another one can go on from it. */
class TestPage {
  readonly delivered: FileDescription[] = [];
  readonly connection = new Subject<ConnectionState>({ status: 'connected', since: 0 });
  /** Asked before each part; what it throws happens to the part. */
  beforePart: (offset: number) => void = () => undefined;
  readonly attachments: Attachments;
  readonly #ready: Promise<void>;

  constructor(who: Somebody, { database, staging }: { readonly database: Database; readonly staging: Staging }) {
    const transfer = createAttachmentTransfer({ origin: server.origin, fetch: who.cookies.fetch });
    const watched: AttachmentTransfer = {
      ...transfer,
      put: async (fileId, part, signal) => {
        this.beforePart(part.offset);
        return await transfer.put(fileId, part, signal);
      },
    };
    const tasks: FileTasks = createFileTasks({ staging: async () => staging, transfer: watched, pictures: null });
    const vault = openVault(database);
    const store = vault.then((opened) => createUploadStore({ database, vault: opened, accountId: who.accountId }));
    this.attachments = new Attachments({
      tasks,
      store: {
        list: async () => await (await store).list(),
        has: async (fileId) => await (await store).has(fileId),
        put: async (record) => await (await store).put(record),
        remove: async (fileId) => await (await store).remove(fileId),
      },
      lock: memoryLock(),
      connection: this.connection,
      deliver: async (_conversationId, { payload }) => {
        const { content } = decodeMessageBody(payload);
        if (content.type === 'file') this.delivered.push(decodeFilePayload(content.payload));
      },
      now: Date.now,
      pause: async () => undefined,
    });
    this.#ready = this.attachments.start();
  }

  async send(...files: readonly File[]): Promise<void> {
    await this.#ready;
    this.attachments.send(scene.conversationId, files);
  }

  async settled(): Promise<readonly Upload[]> {
    await this.#ready;
    return await waitUntil(this.attachments.uploads, (uploads) => uploads.every(({ phase }) => phase === 'failed'));
  }
}

function newKept() {
  return { database: memoryDatabase(), staging: blobStaging() };
}

function file(bytes: number, name = 'plan.pdf'): File {
  return new File([randomBytes(bytes)], name, { type: 'application/pdf' });
}

async function bytesOf(blob: Blob): Promise<Buffer> {
  return Buffer.from(await blob.arrayBuffer());
}

async function received(description: FileDescription | undefined): Promise<Buffer> {
  const official = new TestPage(scene.official, newKept());
  if (!description) throw new Error('nothing was delivered');
  return await bytesOf(await official.attachments.download(scene.conversationId, description, nothing));
}

describe('files that are sent', () => {
  test('arrive as they were, in their order, each said once', async () => {
    const page = new TestPage(scene.citizen, newKept());
    const files = [file(3 * limits.filePartBytes + 1, 'one.pdf'), file(0, 'empty.txt'), file(70_000, '../three.pdf')];
    await page.send(...files);
    expect(await page.settled()).toEqual([]);
    expect(page.delivered.map(({ name }) => name)).toEqual(
      ['one.pdf', 'empty.txt', '_three.pdf'].map((name) => expect.stringContaining(name)),
    );
    for (const [index, sent] of files.entries()) expect((await received(page.delivered[index])).equals(await bytesOf(sent))).toBe(true);
  });

  test('go on where they were when the line breaks, and again, and send no part twice that has arrived', async () => {
    const page = new TestPage(scene.citizen, newKept());
    const sent = file(2 * limits.filePartBytes);
    const offsets: number[] = [];
    page.beforePart = (offset) => {
      offsets.push(offset);
      if (offsets.length % 3 === 0) throw noAnswer('the line broke');
    };
    await page.send(sent);
    expect(await page.settled()).toEqual([]);
    // What failed is asked for again, everything else once.
    expect(offsets.length - new Set(offsets).size).toBe(Math.floor(offsets.length / 3));
    expect((await received(page.delivered[0])).equals(await bytesOf(sent))).toBe(true);
    expect(page.delivered).toHaveLength(1);
  });

  test('wait while there is no line, and go on by themselves', async () => {
    const page = new TestPage(scene.citizen, newKept());
    page.beforePart = (offset) => {
      if (offset > 0 && page.connection.value.since === 0) page.connection.set({ status: 'reconnecting', since: 1 });
    };
    const waits = waitUntil(page.connection, ({ status }) => status === 'reconnecting');
    await page.send(file(500_000));
    await waits;
    expect(page.delivered).toEqual([]);
    page.connection.set({ status: 'connected', since: 2 });
    expect(await page.settled()).toEqual([]);
    expect(page.delivered).toHaveLength(1);
  });

  test('survive a reload from the moment they are sealed: the next page brings them there, once', async () => {
    const kept = newKept();
    const first = new TestPage(scene.citizen, kept);
    const sent = [file(300_000, 'one.pdf'), file(400_000, 'two.pdf')];
    const reloaded = new Promise<void>((resolve) => {
      first.beforePart = (offset) => {
        if (offset === 0) return;
        first.attachments.close();
        resolve();
        throw noAnswer('the page has gone');
      };
    });
    await first.send(...sent);
    await reloaded;
    const second = new TestPage(scene.citizen, kept);
    expect(await second.settled()).toEqual([]);
    expect(first.delivered).toEqual([]);
    expect(second.delivered.map(({ name }) => name)).toEqual(['one.pdf', 'two.pdf']);
    expect((await received(second.delivered[1])).equals(await bytesOf(sent[1]!))).toBe(true);
    expect(await new TestPage(scene.citizen, kept).settled()).toEqual([]);
  });

  test('whose ciphertext did not survive the reload say so, and can be taken away', async () => {
    const { database, staging } = newKept();
    const first = new TestPage(scene.citizen, { database, staging });
    const gone = new Promise<void>((resolve) => {
      first.beforePart = () => {
        first.attachments.close();
        resolve();
        throw noAnswer('the page has gone');
      };
    });
    await first.send(file(1_000));
    await gone;
    const second = new TestPage(scene.citizen, { database, staging: blobStaging() });
    const [upload] = await second.settled();
    expect(upload).toMatchObject({ name: 'plan.pdf', phase: 'failed', failure: 'lost' });
    await second.attachments.cancel(upload!.messageId);
    expect(await new TestPage(scene.citizen, { database, staging }).settled()).toEqual([]);
  });

  test('can be taken back on their way: nothing is delivered, and nothing stays on the server', async () => {
    const page = new TestPage(scene.citizen, newKept());
    const stopped = new Promise<void>((resolve) => {
      page.beforePart = (offset) => {
        if (offset > 0) void page.attachments.cancel(page.attachments.uploads.value[0]!.messageId).then(resolve);
      };
    });
    await page.send(file(3 * limits.filePartBytes));
    await stopped;
    expect(await page.settled()).toEqual([]);
    expect(page.delivered).toEqual([]);
    page.beforePart = () => undefined;
    await page.send(file(1_000, 'next.pdf'));
    expect(await page.settled()).toEqual([]);
    expect(page.delivered.map(({ name }) => name)).toEqual(['next.pdf']);
  });

  test('that the server refuses are shown as not sent, with its reason, and go when they are sent again', async () => {
    const page = new TestPage(scene.citizen, newKept());
    const { database } = server;
    const { sql } = await import('kysely');
    await sql`update conversations set state = 'closed' where conversation_id = ${scene.conversationId}`.execute(database);
    await page.send(file(1_000));
    const [upload] = await page.settled();
    expect(upload).toMatchObject({ phase: 'failed', failure: 'closed' });
    await sql`update conversations set state = 'open' where conversation_id = ${scene.conversationId}`.execute(database);
    page.attachments.retry(upload!.messageId);
    expect(await page.settled()).toEqual([]);
    expect(page.delivered).toHaveLength(1);
  });

  test('are refused here when they are too large or cannot be read, and hold up nobody', async () => {
    const page = new TestPage(scene.citizen, newKept());
    const tooLarge = file(10, 'film.mp4');
    Object.defineProperty(tooLarge, 'size', { value: limits.fileBytes + 1 });
    const shrunk = file(10, 'shrunk.txt');
    Object.defineProperty(shrunk, 'size', { value: 20 });
    await page.send(tooLarge, shrunk, file(100, 'fine.txt'));
    expect((await page.settled()).map(({ name, failure }) => [name, failure])).toEqual([
      ['film.mp4', 'too_large_file'],
      ['shrunk.txt', 'unreadable'],
    ]);
    expect(page.delivered.map(({ name }) => name)).toEqual(['fine.txt']);
  });
});

describe('a file that is fetched', () => {
  test('and is not what the message says is refused as broken, and nothing of it is given', async () => {
    const page = new TestPage(scene.citizen, newKept());
    await page.send(file(200_000));
    await page.settled();
    const [description] = page.delivered;
    for (const change of [{ fileKey: randomBytes(32) }, { hash: randomBytes(32) }, { plainBytes: 100_000, chunkCount: 2 }]) {
      const fetched = page.attachments.download(scene.conversationId, { ...description!, ...change }, nothing);
      await expect(fetched).rejects.toEqual(new FileError('broken'));
    }
  });

  test('goes on where the line broke', async () => {
    const page = new TestPage(scene.citizen, newKept());
    const sent = file(3 * limits.filePartBytes);
    await page.send(sent);
    await page.settled();
    const offsets: number[] = [];
    const transfer = createAttachmentTransfer({ origin: server.origin, fetch: scene.official.cookies.fetch });
    const breaking: AttachmentTransfer = {
      ...transfer,
      get: async (place, offset, signal) => {
        offsets.push(offset);
        const stream = await transfer.get(place, offset, signal);
        return offsets.length > 2 ? stream : stream.pipeThrough(breakAfter(1_000_000));
      },
    };
    const tasks = createFileTasks({ staging: async () => blobStaging(), transfer: breaking, pictures: null });
    const fetched = await tasks.download({ conversationId: scene.conversationId, sealed: page.delivered[0]! }, nothing);
    expect((await bytesOf(fetched)).equals(await bytesOf(sent))).toBe(true);
    expect(offsets).toHaveLength(3);
    expect(offsets[0]).toBe(0);
    expect(offsets[2]).toBeGreaterThan(offsets[1]!);
  });
});

function breakAfter(bytes: number): TransformStream<Uint8Array, Uint8Array> {
  let passed = 0;
  return new TransformStream({
    transform(chunk, controller) {
      passed += chunk.length;
      if (passed > bytes) controller.error(new TypeError('network error'));
      else controller.enqueue(chunk);
    },
  });
}
