import type { AttachmentProgress, AttachmentRoutes } from '../../server/protocol/attachments.ts';
import type { ConversationId, FileId } from '../../server/protocol/ids.ts';
import { fetchAnswer } from './http.ts';
import { noAnswer, RequestError } from './request-error.ts';

/** Sealed files on their way to the server and back. All of it throws RequestErrors; each call can be made again. */
export interface AttachmentTransfer {
  begin(request: Parameters<AttachmentRoutes['POST /api/attachments']>[0], signal: AbortSignal): Promise<AttachmentProgress>;
  put(fileId: FileId, part: { readonly offset: number; readonly bytes: Uint8Array }, signal: AbortSignal): Promise<AttachmentProgress>;
  finish(request: Parameters<AttachmentRoutes['POST /api/attachments/finish']>[0], signal: AbortSignal): Promise<AttachmentProgress>;
  discard(fileId: FileId): Promise<void>;
  /** The ciphertext from `offset` on, as it comes. */
  get(
    place: { readonly conversationId: ConversationId; readonly fileId: FileId },
    offset: number,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>>;
}

/** The server closes what takes longer than half a minute. */
const partTimeoutMs = 40_000;
/** A hundred megabytes are hashed meanwhile, on a disk that others use too. */
const finishTimeoutMs = 60_000;

export function createAttachmentTransfer({
  origin,
  fetch,
}: {
  readonly origin: string;
  readonly fetch: typeof globalThis.fetch;
}): AttachmentTransfer {
  const send = async (path: string, init: RequestInit, timeoutMs: number, signal: AbortSignal): Promise<AttachmentProgress> => {
    const answer = await fetchAnswer(fetch, new URL(path, origin), {
      credentials: 'same-origin',
      ...init,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (isProgress(answer)) return answer;
    throw noAnswer('an answer without a progress');
  };
  const post = async (path: string, body: unknown, signal: AbortSignal): Promise<AttachmentProgress> =>
    await send(
      path,
      { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
      finishTimeoutMs,
      signal,
    );

  return {
    begin: async (request, signal) => await post('/api/attachments', request, signal),
    put: async (fileId, { offset, bytes }, signal) =>
      await send(
        `/api/attachments/${fileId}/${offset}`,
        { method: 'PUT', body: new Uint8Array(bytes), headers: { 'content-type': 'application/octet-stream' } },
        partTimeoutMs,
        signal,
      ),
    finish: async (request, signal) => await post('/api/attachments/finish', request, signal),
    discard: async (fileId) =>
      void (await fetchAnswer(fetch, new URL('/api/attachments/discard', origin), {
        method: 'POST',
        credentials: 'same-origin',
        body: JSON.stringify({ fileId }),
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(finishTimeoutMs),
      })),
    get: async ({ conversationId, fileId }, offset, signal) => {
      const response = await fetch(new URL(`/api/attachments/${conversationId}/${fileId}`, origin), {
        credentials: 'same-origin',
        headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
        signal,
      }).catch((error: unknown) => {
        throw noAnswer(error);
      });
      if (response.status === (offset === 0 ? 200 : 206) && response.body !== null) return response.body;
      await response.body?.cancel();
      if (response.status === 404) throw new RequestError({ code: 'not_found', retryable: false, ref: null });
      if (response.status === 401) throw new RequestError({ code: 'unauthenticated', retryable: false, ref: null });
      throw noAnswer(`status ${response.status} instead of bytes`);
    },
  };
}

function isProgress(answer: unknown): answer is AttachmentProgress {
  if (typeof answer !== 'object' || answer === null) return false;
  return 'received' in answer && typeof answer.received === 'number' && 'isStored' in answer && typeof answer.isStored === 'boolean';
}
