import type { Base64Url } from './base64url.ts';
import type { ConversationId, FileId } from './ids.ts';

/**
 * Files of a conversation, sealed on the sender's device: the server sees how long the ciphertext is and nothing else. Over HTTP, in the
 * order begin → parts → finish; only then can anybody fetch it. Whatever is sent can be sent twice.
 *
 * The two that are not JSON:
 * `PUT /api/attachments/:fileId/:offset`: one part as `application/octet-stream`, at most `limits.filePartBytes`, answered with
 * `{ received }`. A part that is there already is answered alike; one that would leave a gap is a `bad_request`.
 * `GET /api/attachments/:conversationId/:fileId`: the stored bytes, or a range of them, for readers of the conversation.
 */
export interface AttachmentRoutes {
  /**
   * Opens an upload of exactly `bytes`, or finds the caller's own again. `slow_down`: too many are open; `quota`: of the account, the
   * conversation or the office; `no_space`: the server has none left.
   */
  'POST /api/attachments': (request: { conversationId: ConversationId; fileId: FileId; bytes: number }) => AttachmentProgress;
  /** Answered when the whole file is on the disk and has this hash. Another hash: `bad_request`, and nothing is left of it. */
  'POST /api/attachments/finish': (request: { fileId: FileId; hash: Base64Url }) => AttachmentProgress;
  /** The caller's own, unless it was finished more than `limits.uploadIdleMs` ago. One that is not there is answered alike. */
  'POST /api/attachments/discard': (request: { fileId: FileId }) => Record<string, never>;
}

export interface AttachmentProgress {
  /** Bytes from the beginning that are on the disk. */
  readonly received: number;
  /** Finished: readers can fetch it. */
  readonly isStored: boolean;
}
