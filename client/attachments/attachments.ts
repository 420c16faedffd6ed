import { type ConversationId, idOf, type MessageId, newId } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import { decodeMessageBody, encodeMessageBody } from '../../server/protocol/message-body.ts';
import { decodeFilePayload, encodeFilePayload, type FileDescription } from '../crypto/file-payload.ts';
import type { Lock } from '../net/lock.ts';
import { type Observable, Subject, waitUntil } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { retryDelayMs } from '../net/retry-delay.ts';
import type { ConnectionState } from '../net/socket.ts';
import type { UploadRecord, UploadStore } from '../storage/upload-store.ts';
import { FileError, type UploadFailure } from './file-error.ts';
import { cleanName } from './file-name.ts';
import type { FileTasks, TaskOptions } from './file-tasks.ts';

/** A file on its way. It has a message as soon as it is gone from here. */
export interface Upload {
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly name: string;
  readonly bytes: number;
  readonly phase: 'waiting' | 'sealing' | 'sending' | 'failed';
  /** Of the phase, from 0 to 1. */
  readonly done: number;
  readonly failure: UploadFailure | null;
}

export interface AttachmentsOptions {
  readonly tasks: FileTasks;
  readonly store: UploadStore;
  /** One sender a file, in all tabs. */
  readonly lock: Lock;
  readonly connection: Observable<ConnectionState>;
  /** Puts the message into the outbox; it has its effect once. */
  readonly deliver: (
    conversationId: ConversationId,
    message: { readonly messageId: MessageId; readonly payload: Uint8Array },
  ) => Promise<void>;
  readonly now: () => number;
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** What is known of an upload beside what is shown. */
interface Job {
  readonly stop: AbortController;
  /** Until it is sealed. */
  readonly file: Blob | null;
  readonly record: UploadRecord | null;
}

/**
 * Files on their way to the server, one after the other: sealed into this device's staging, brought there from where they had got to,
 * then said in a message. From the moment it is sealed a file survives a reload.
 */
export class Attachments {
  readonly #options: AttachmentsOptions;
  readonly #uploads = new Subject<readonly Upload[]>([]);
  readonly #jobs = new Map<MessageId, Job>();
  /** One at a time each: a phone has little memory, and one line. All are sealed before the first has arrived: then all survive a reload. */
  #sealing: Promise<unknown> = Promise.resolve();
  #sending: Promise<unknown> = Promise.resolve();

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  get uploads(): Observable<readonly Upload[]> {
    return this.#uploads;
  }

  /** Whether there is a file that a reload would lose. */
  get isSealing(): boolean {
    return this.#uploads.value.some(({ messageId, phase }) => phase !== 'failed' && (this.#jobs.get(messageId)?.file ?? null) !== null);
  }

  /** Goes on with what an earlier page left. */
  async start(): Promise<void> {
    const records = await this.#options.store.list();
    for (const record of records) {
      const { name, plainBytes } = describe(record);
      const { messageId, conversationId } = record;
      this.#add({ messageId, conversationId, name, bytes: plainBytes, phase: 'waiting', done: 0, failure: null }, { file: null, record });
    }
    // The first use starts a worker: pages that never had a file do without.
    if (records.length > 0) await this.#options.tasks.tidy({ names: records.map(({ messageId }) => messageId) });
  }

  /** Sends files of this device. What becomes of each is seen in `uploads`. */
  send(conversationId: ConversationId, files: readonly File[]): void {
    for (const file of files) {
      const upload = { messageId: newId<'message'>(), conversationId, name: cleanName(file.name), bytes: file.size };
      this.#add({ ...upload, phase: 'waiting', done: 0, failure: null }, { file, record: null });
    }
  }

  /** Sends one that failed again. */
  retry(messageId: MessageId): void {
    const job = this.#jobs.get(messageId);
    if (!job) return;
    this.#change(messageId, { phase: 'waiting', done: 0, failure: null });
    this.#run(messageId);
  }

  /** Takes one back that is not sent yet: from this device, and from the server what is there of it. */
  async cancel(messageId: MessageId): Promise<void> {
    const job = this.#jobs.get(messageId);
    if (!job) return;
    job.stop.abort();
    this.#remove(messageId);
    if (job.record) await this.#options.store.remove(job.record.fileId);
    await this.#options.tasks.discard({ name: messageId, sealed: job.record && describe(job.record) });
  }

  /** The verified file. Throws a RequestError or a FileError. */
  async download(conversationId: ConversationId, file: FileDescription, options: TaskOptions): Promise<Blob> {
    return await this.#options.tasks.download({ conversationId, sealed: file }, options);
  }

  /** A picture drawn anew; null for what is none. */
  async preview(file: Blob): Promise<Blob | null> {
    return await this.#options.tasks.preview({ file });
  }

  /** Nothing more is sent; what is sealed stays for the next page. */
  close(): void {
    for (const { stop } of this.#jobs.values()) stop.abort();
  }

  #add(upload: Upload, job: Omit<Job, 'stop'>): void {
    this.#jobs.set(upload.messageId, { ...job, stop: new AbortController() });
    this.#uploads.set([...this.#uploads.value, upload]);
    this.#run(upload.messageId);
  }

  #run(messageId: MessageId): void {
    const sealed = this.#sealing.then(async () => await this.#attempt(messageId, async () => await this.#seal(messageId)));
    this.#sealing = sealed;
    this.#sending = this.#sendAfter(this.#sending, sealed, messageId);
  }

  async #sendAfter(earlier: Promise<unknown>, sealed: Promise<boolean>, messageId: MessageId): Promise<void> {
    await earlier;
    if (await sealed) await this.#attempt(messageId, async () => await this.#send(messageId));
  }

  /** False when it failed, which is shown, or is wanted no more. */
  async #attempt(messageId: MessageId, work: () => Promise<void>): Promise<boolean> {
    const isWanted = (): boolean => this.#jobs.get(messageId)?.stop.signal.aborted === false;
    try {
      if (isWanted()) await work();
    } catch (error) {
      if (await this.#isTakenBack(messageId)) this.#remove(messageId);
      else if (isWanted()) this.#change(messageId, { phase: 'failed', failure: failureOf(error) });
      return false;
    }
    return isWanted();
  }

  /** By another tab: then nothing has gone wrong. */
  async #isTakenBack(messageId: MessageId): Promise<boolean> {
    const record = this.#jobs.get(messageId)?.record ?? null;
    return record !== null && !(await this.#options.store.has(record.fileId));
  }

  async #send(messageId: MessageId): Promise<void> {
    const { store, tasks, lock, deliver } = this.#options;
    const record = this.#jobs.get(messageId)?.record;
    if (!record) return;
    await lock(`upload/${messageId}`, async () => {
      // Another tab may have sent it, or taken it back, while this one waited for its turn.
      if (!(await store.has(record.fileId))) return;
      await this.#upload(record);
      await deliver(record.conversationId, record);
      await store.remove(record.fileId);
      await tasks.release({ name: messageId });
    });
    this.#remove(messageId);
  }

  async #seal(messageId: MessageId): Promise<void> {
    const { tasks, store, now } = this.#options;
    const job = this.#jobs.get(messageId);
    const upload = this.#uploads.value.find((candidate) => candidate.messageId === messageId);
    if (!job?.file || !upload) return;
    if (job.file.size > limits.fileBytes) throw new FileError('too_large_file');
    this.#change(messageId, { phase: 'sealing' });
    const { sealed, thumb } = await tasks.seal({ name: messageId, file: job.file }, this.#taskOptions(messageId, job));
    const mime = job.file.type.slice(0, limits.fileNameCharacters);
    const content = { type: 'file' as const, payload: encodeFilePayload({ ...sealed, name: upload.name, mime, thumb }) };
    const record: UploadRecord = {
      fileId: idOf(sealed.fileId),
      conversationId: upload.conversationId,
      messageId,
      createdAt: now(),
      payload: encodeMessageBody({ sentAt: now(), content, gossip: null, seen: null }),
    };
    await store.put(record);
    if (job.stop.signal.aborted) {
      await store.remove(record.fileId);
      throw new FileError('lost');
    }
    this.#jobs.set(messageId, { ...job, file: null, record });
    this.#change(messageId, { phase: 'waiting', done: 0 });
  }

  /** Again and again, for as long as the server does not answer. */
  async #upload(record: UploadRecord): Promise<void> {
    const { connection, tasks } = this.#options;
    const { messageId, conversationId } = record;
    const job = this.#jobs.get(messageId);
    if (!job) return;
    const request = { name: messageId, conversationId, sealed: describe(record) };
    for (let failures = 0; ;) {
      await waitUntil(connection, ({ status }) => status === 'connected');
      job.stop.signal.throwIfAborted();
      this.#change(messageId, { phase: 'sending' });
      // A request over a line that is gone would wait for half a minute.
      const cut = new AbortController();
      const unwatch = connection.subscribe(({ status }) => void (status === 'connected' || cut.abort()));
      try {
        await tasks.upload(request, { ...this.#taskOptions(messageId, job), signal: AbortSignal.any([job.stop.signal, cut.signal]) });
        return;
      } catch (error) {
        if (cut.signal.aborted) continue;
        if (!(error instanceof RequestError) || !(error.retryable || error.code === 'unauthenticated')) throw error;
        failures += 1;
        await (this.#options.pause ?? pause)(Math.max(error.retryAfterMs ?? 0, retryDelayMs(failures)));
      } finally {
        unwatch();
      }
    }
  }

  #taskOptions(messageId: MessageId, { stop }: Job): TaskOptions {
    return { signal: stop.signal, onProgress: (done) => this.#change(messageId, { done }) };
  }

  #change(messageId: MessageId, change: Partial<Upload>): void {
    this.#uploads.set(this.#uploads.value.map((upload) => (upload.messageId === messageId ? { ...upload, ...change } : upload)));
  }

  #remove(messageId: MessageId): void {
    this.#jobs.delete(messageId);
    this.#uploads.set(this.#uploads.value.filter((upload) => upload.messageId !== messageId));
  }
}

function describe({ payload }: UploadRecord): FileDescription {
  const { content } = decodeMessageBody(payload);
  if (content.type !== 'file') throw new TypeError('an upload without a file');
  return decodeFilePayload(content.payload);
}

function failureOf(error: unknown): UploadFailure {
  if (error instanceof FileError) return error.problem;
  return error instanceof RequestError ? error.code : 'internal';
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
