import { toBase64Url } from '../../server/protocol/base64url.ts';
import { sealedFileLength } from '../../server/protocol/file-format.ts';
import { type ConversationId, idOf } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import { CryptoError, cryptoReady } from '../../server/protocol/sodium.ts';
import { openFile, type SealedFile, sealFile } from '../crypto/file.ts';
import type { AttachmentTransfer } from '../net/attachment-transfer.ts';
import { noAnswer, RequestError } from '../net/request-error.ts';
import { retryDelayMs } from '../net/retry-delay.ts';
import { FileError } from './file-error.ts';
import type { Pictures } from './pictures.ts';
import { BlobCollector, type Staging } from './staging.ts';

export interface TaskOptions {
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress: (done: number) => void;
}

/** The work on files that takes time. In browsers a worker does it (file-worker.ts), in programs whoever asks. */
export interface FileTasks {
  /** Seals a file into this device's staging, under `name`. Throws a FileError. */
  seal(
    request: { readonly name: string; readonly file: Blob },
    options: TaskOptions,
  ): Promise<{ readonly sealed: SealedFile; readonly thumb: Uint8Array | null }>;
  /** Brings what is staged to the server, from where it had got to. Throws a RequestError, or a FileError when it is lost. */
  upload(
    request: { readonly name: string; readonly conversationId: ConversationId; readonly sealed: SealedFile },
    options: TaskOptions,
  ): Promise<void>;
  /** The verified whole; until then nothing of it is given. Throws a RequestError, or the FileError `broken`. */
  download(request: { readonly conversationId: ConversationId; readonly sealed: SealedFile }, options: TaskOptions): Promise<Blob>;
  preview(request: { readonly file: Blob }): Promise<Blob | null>;
  /** Takes it away, here and, if it got there, at the server; null: it never was on its way. */
  discard(request: { readonly name: string; readonly sealed: SealedFile | null }): Promise<void>;
  /** It is sent: what is staged is needed no more. */
  release(request: { readonly name: string }): Promise<void>;
  /** What an earlier page left and nobody knows of any more. */
  tidy(request: { readonly names: readonly string[] }): Promise<void>;
}

const smallestPart = 64 * 1024;
/** A part that took less than this may be twice as large the next time. */
const quickMs = 2_000;
/** Attempts to go on with a download that bring not one byte. */
const maxStalls = 5;
const silentMs = 15_000;

export function createFileTasks({
  staging,
  transfer,
  pictures,
}: {
  readonly staging: () => Promise<Staging>;
  readonly transfer: AttachmentTransfer;
  /** Null where there is no canvas. */
  readonly pictures: Pictures | null;
}): FileTasks {
  return {
    seal: async ({ name, file }, { signal, onProgress }) => {
      await cryptoReady;
      if (file.size > limits.fileBytes) throw new FileError('too_large_file');
      const staged = await staging();
      try {
        const cleaned = (await pictures?.clean(file)) ?? file;
        const thumb = (await pictures?.thumbnail(cleaned)) ?? null;
        const writer = await staged.write(name);
        try {
          const sealed = await sealFile({
            plainBytes: cleaned.size,
            read: async (offset, length) => {
              signal.throwIfAborted();
              onProgress(offset / cleaned.size);
              return new Uint8Array(await cleaned.slice(offset, offset + length).arrayBuffer());
            },
            write: async (bytes) => await writer.append(bytes),
          });
          return { sealed, thumb };
        } finally {
          await writer.close();
        }
      } catch (error) {
        await staged.remove(name);
        throw signal.aborted ? error : sealingError(error);
      }
    },

    upload: async ({ name, conversationId, sealed }, { signal, onProgress }) => {
      const staged = await staging();
      const fileId = idOf<'file'>(sealed.fileId);
      const bytes = sealedFileLength(sealed.plainBytes);
      let { received, isStored } = await transfer.begin({ conversationId, fileId, bytes }, signal);
      let partBytes = smallestPart;
      while (!isStored && received < bytes) {
        onProgress(received / bytes);
        const part = await staged.read(name, received, Math.min(partBytes, bytes - received));
        if (part === null) throw new FileError('lost');
        const startedAt = performance.now();
        ({ received, isStored } = await transfer.put(fileId, { offset: received, bytes: part }, signal));
        if (performance.now() - startedAt < quickMs) partBytes = Math.min(partBytes * 2, limits.filePartBytes);
      }
      if (!isStored) await transfer.finish({ fileId, hash: toBase64Url(sealed.hash) }, signal);
      onProgress(1);
    },

    download: async ({ conversationId, sealed }, { signal, onProgress }) => {
      await cryptoReady;
      const place = { conversationId, fileId: idOf<'file'>(sealed.fileId) };
      const opened = new BlobCollector();
      const total = sealedFileLength(sealed.plainBytes);
      const ciphertext = fetchAll((offset, until) => transfer.get(place, offset, until), total, { signal, onProgress });
      try {
        await openFile(sealed, ciphertext, async (plain) => opened.add(plain));
      } catch (error) {
        throw error instanceof CryptoError ? new FileError('broken', { cause: error }) : error;
      }
      return opened.blob();
    },

    preview: async ({ file }) => (await pictures?.preview(file)) ?? null,

    discard: async ({ name, sealed }) => {
      await (await staging()).remove(name);
      // Without a line it is swept away on the server by itself.
      if (sealed !== null) await transfer.discard(idOf(sealed.fileId)).catch(ignoreRefusal);
    },

    release: async ({ name }) => await (await staging()).remove(name),
    tidy: async ({ names }) => await (await staging()).tidy(new Set(names)),
  };
}

function sealingError(error: unknown): unknown {
  if (error instanceof FileError) return error;
  if (error instanceof DOMException && error.name === 'QuotaExceededError') return new FileError('no_room_here', { cause: error });
  // Moved, changed or taken away since it was chosen; or on a drive that is not there any more.
  if (error instanceof DOMException || error instanceof RangeError) return new FileError('unreadable', { cause: error });
  return error;
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof RequestError)) throw error;
}

/** All bytes from the first to the last, over as many connections as it takes. */
async function* fetchAll(
  get: (offset: number, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>,
  total: number,
  { signal, onProgress }: TaskOptions,
): AsyncGenerator<Uint8Array> {
  let stalls = 0;
  for (let offset = 0; offset < total;) {
    const before = offset;
    try {
      for await (const bytes of readUntilSilent((until) => get(before, until), signal)) {
        offset += bytes.length;
        onProgress(Math.min(1, offset / total));
        yield bytes;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RequestError && !error.retryable) throw error;
    }
    if (offset >= total) return;
    stalls = offset > before ? 0 : stalls + 1;
    if (stalls >= maxStalls) throw noAnswer('no more bytes come');
    await new Promise((resolve) => setTimeout(resolve, retryDelayMs(stalls + 1)));
  }
}

/** One connection, given up when nothing comes over it any more: a network that was cut says nothing. */
async function* readUntilSilent(
  get: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const silence = new AbortController();
  const watch = (): ReturnType<typeof setTimeout> => setTimeout(() => silence.abort(), silentMs);
  let timer = watch();
  const reader = (await get(AbortSignal.any([signal, silence.signal]))).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      clearTimeout(timer);
      yield next.value;
      timer = watch();
    }
  } finally {
    clearTimeout(timer);
    await reader.cancel().catch(() => undefined);
  }
}
