import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { untilAnswered } from '../net/until-answered.ts';
import { ConversationLog } from './conversation-log.ts';
import type { Reader } from './reader.ts';
import { renewEpoch } from './renew-epoch.ts';

export interface RenewCaseParts {
  readonly request: RequestFunction;
  readonly reader: Reader;
  /** Whether it is worth waiting for the server. */
  readonly isWanted: () => boolean;
}

/** How often somebody else's epoch may come first. */
const maxAttempts = 5;

/**
 * Seals a case to the newest keys of its readers, with all that was written in it, without anybody writing: nothing happens when it is so
 * already. It is read for that from its first entry on, and forgotten again. Throws a CryptoError when it does not verify, does not open,
 * or an official must decide first (a reset), or a RequestError.
 */
export async function renewCase(conversationId: ConversationId, { request, reader, isWanted }: RenewCaseParts): Promise<void> {
  let log: ConversationLog | null = null;
  const catchUp = async (): Promise<void> => {
    for (;;) {
      const after: number = log?.position ?? 0;
      const { conversation, entries } = await untilAnswered(
        async () => await request('conversation:pull', { conversationId, after }),
        isWanted,
      );
      const parties = { citizenId: fromBase64Url(conversation.citizenId), inboxId: fromBase64Url(conversation.inboxId) };
      log ??= new ConversationLog({ conversationId, parties, reader });
      for (const entry of entries) await log.append(entry);
      if (log.position >= conversation.head || entries.length === 0) return;
    }
  };
  const parts = { conversationId, request, reader, catchUp, log: () => log };
  await catchUp();
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    if (await untilAnswered(async () => await renewEpoch(parts, { fresh: true }), isWanted)) return;
    await catchUp();
  }
  throw new RequestError({ code: 'conflict', retryable: true, ref: null });
}
