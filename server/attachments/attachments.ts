import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import { type Database, transaction } from '../platform/database.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { AttachmentProgress, AttachmentRoutes } from '../protocol/attachments.ts';
import type { ConversationId, FileId, OfficeId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { equalBytes } from '../protocol/sodium.ts';
import type { Blobs } from './blobs.ts';
import { type AttachmentRow, AttachmentStore, type Usage } from './store.ts';

type Request<Route extends keyof AttachmentRoutes> = Parameters<AttachmentRoutes[Route]>[0];

export interface AttachmentsDependencies {
  readonly database: Database;
  readonly blobs: Blobs;
  readonly now: () => number;
  /** The conversation's facts, or `not_found` for whoever does not read it. */
  readonly requireReadable: (
    conversationId: ConversationId,
    caller: Caller,
  ) => Promise<{ readonly officeId: OfficeId; readonly state: 'open' | 'closed' }>;
}

/** When somebody whose uploads are all open may come again. */
const comeAgainMs = 5_000;

/**
 * Sealed files of conversations. SQL says what there is; bytes are written under the row's lock, so that two nodes that are given the
 * same part write it once, and so that nothing changes any more once its hash is being looked at.
 */
export class Attachments {
  readonly #dependencies: AttachmentsDependencies;
  readonly #store: AttachmentStore;

  constructor(dependencies: AttachmentsDependencies) {
    this.#dependencies = dependencies;
    this.#store = new AttachmentStore(dependencies.database);
  }

  async begin({ conversationId, fileId, bytes }: Request<'POST /api/attachments'>, caller: Caller): Promise<AttachmentProgress> {
    const { database, blobs, now, requireReadable } = this.#dependencies;
    const { officeId, state } = await requireReadable(conversationId, caller);
    const { accountId } = caller;
    return await transaction(database, async (trx) => {
      const store = new AttachmentStore(trx);
      await store.holdUsage({ accountId, officeId });
      const known = await store.find(fileId);
      if (known) {
        if (known.accountId !== accountId || known.conversationId !== conversationId || known.bytes !== bytes)
          throw new AppError('conflict', "the id is another file's");
        return progressOf(known);
      }
      if (state === 'closed') throw new AppError('closed', 'the conversation is closed');
      requireQuota(await store.usage({ accountId, conversationId, officeId }, now()), bytes);
      await blobs.requireRoom(bytes);
      const at = new Date(now());
      const row: AttachmentRow = {
        fileId,
        conversationId,
        officeId,
        accountId,
        bytes,
        received: 0,
        state: 'open',
        beganAt: at,
        touchedAt: at,
      };
      await store.add(row);
      return progressOf(row);
    });
  }

  /** One part, whole. Where it is there already nothing is written; a part of which some is there is written from there on. */
  async write(fileId: FileId, { offset, part }: { offset: number; part: Uint8Array }, caller: Caller): Promise<AttachmentProgress> {
    const { database, blobs, now } = this.#dependencies;
    try {
      return await transaction(database, async (trx) => {
        const store = new AttachmentStore(trx);
        const row = own(await store.lock(fileId), caller);
        const end = offset + part.length;
        if (part.length === 0 || end > row.bytes) throw new AppError('too_large', 'more than was declared');
        if (offset > row.received) throw new AppError('bad_request', 'a part before it is missing');
        if (row.state !== 'open' || end <= row.received) return progressOf(row);
        await blobs.write(fileId, row.received, part.subarray(row.received - offset));
        await store.update(fileId, { received: end, touchedAt: new Date(now()) });
        return progressOf({ ...row, received: end });
      });
    } catch (error) {
      // What does not fit is not kept: neither its bytes nor its share of the quota.
      if (error instanceof AppError && error.code === 'no_space') await this.#forget(fileId);
      throw error;
    }
  }

  async finish({ fileId, hash }: Request<'POST /api/attachments/finish'>, caller: Caller): Promise<AttachmentProgress> {
    const { database, blobs, now } = this.#dependencies;
    const row = await transaction(database, async (trx) => {
      const store = new AttachmentStore(trx);
      const found = own(await store.lock(fileId), caller);
      if (found.state === 'stored') return found;
      if (found.received < found.bytes) throw new AppError('bad_request', 'parts are missing');
      // From here on no part is taken. Whoever asks again, after a crash too, goes on from here.
      await store.update(fileId, { state: 'finishing', touchedAt: new Date(now()) });
      return found;
    });
    if (row.state === 'stored') return progressOf(row);
    const stored = await blobs.hash(fileId, row.bytes);
    if (stored === null || !equalBytes(stored, fromBase64Url(hash))) {
      await this.#forget(fileId);
      throw new AppError('bad_request', 'the bytes are not those of the hash');
    }
    await blobs.store(fileId);
    await this.#store.update(fileId, { state: 'stored', touchedAt: new Date(now()) });
    return progressOf({ ...row, state: 'stored' });
  }

  async discard(fileId: FileId, caller: Caller): Promise<void> {
    const row = await this.#store.find(fileId);
    if (row?.accountId !== caller.accountId) return;
    const isRecent = row.touchedAt.getTime() > this.#dependencies.now() - limits.uploadIdleMs;
    if (row.state === 'stored' && !isRecent) throw new AppError('bad_state', 'it belongs to the conversation by now');
    await this.#forget(fileId);
  }

  /** A stored file of a conversation the caller reads. Everything else is `not_found`, whatever the reason (U04). */
  async requireStored(fileId: FileId, conversationId: ConversationId, caller: Caller): Promise<AttachmentRow> {
    await this.#dependencies.requireReadable(conversationId, caller);
    const row = await this.#store.find(fileId);
    if (row?.conversationId !== conversationId || row.state !== 'stored') throw new AppError('not_found', 'no such file');
    return row;
  }

  /** Takes away what nobody goes on with. */
  async sweep(): Promise<void> {
    for (const fileId of await this.#store.findIdle(new Date(this.#dependencies.now() - limits.uploadIdleMs))) await this.#forget(fileId);
  }

  /** The bytes first: a row without bytes is swept again, bytes without a row would stay for ever. */
  async #forget(fileId: FileId): Promise<void> {
    const { database, blobs } = this.#dependencies;
    await transaction(database, async (trx) => {
      const store = new AttachmentStore(trx);
      await store.lock(fileId);
      await blobs.remove(fileId);
      await store.remove(fileId);
    });
  }
}

function own(row: AttachmentRow | null, { accountId }: Caller): AttachmentRow {
  if (row?.accountId !== accountId) throw new AppError('not_found', "no such upload of the caller's");
  return row;
}

function progressOf({ received, state }: Pick<AttachmentRow, 'received' | 'state'>): AttachmentProgress {
  return { received, isStored: state === 'stored' };
}

function requireQuota({ openUploads, accountToday, conversation, office }: Usage, bytes: number): void {
  const isOver =
    accountToday + bytes > limits.uploadBytesPerDay ||
    conversation + bytes > limits.conversationFileBytes ||
    office + bytes > limits.officeFileBytes;
  if (isOver) throw new AppError('quota', 'more than the account, the conversation or the office may have');
  if (openUploads >= limits.openUploads)
    throw new AppError('slow_down', 'too many uploads of the account are open', { retryAfterMs: comeAgainMs });
}
