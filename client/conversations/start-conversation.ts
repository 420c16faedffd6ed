import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { ConversationView } from '../../server/protocol/conversations.ts';
import type { SignedLink } from '../../server/protocol/offices.ts';
import { type ConversationId, type InboxId, newId, type ServiceId } from '../../server/protocol/ids.ts';
import { createEpoch } from '../crypto/epoch-keys.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { toSignedLink } from '../net/wire.ts';
import type { Reader } from './reader.ts';

/** Opens conversations. An attempt without an answer keeps its id and its epoch, so that trying again does not make a second conversation. */
export function createConversationStarter({ request, reader }: { readonly request: RequestFunction; readonly reader: Reader }) {
  const unanswered = new Map<ServiceId, { readonly conversationId: ConversationId; readonly epoch: SignedLink }>();

  /** Throws a CryptoError when the inbox does not verify, or a RequestError. */
  return async ({ serviceId, inboxId }: { readonly serviceId: ServiceId; readonly inboxId: InboxId }): Promise<ConversationView> => {
    const opening = unanswered.get(serviceId) ?? (await firstEpoch(reader, inboxId));
    unanswered.set(serviceId, opening);
    try {
      const view = await request('conversation:open', { ...opening, serviceId });
      unanswered.delete(serviceId);
      return view;
    } catch (error) {
      if (error instanceof RequestError && !error.retryable) unanswered.delete(serviceId);
      throw error;
    }
  };
}

async function firstEpoch(
  reader: Reader,
  inboxId: InboxId,
): Promise<{ readonly conversationId: ConversationId; readonly epoch: SignedLink }> {
  const conversationId: ConversationId = newId();
  const { readers, isStale } = await reader.readersWanted({ citizenId: reader.userId, inboxId: fromBase64Url(inboxId) }, null);
  const epoch = createEpoch({
    conversationId: fromBase64Url(conversationId),
    previous: null,
    readers,
    reason: isStale ? 'stale_inbox' : 'opened',
    signer: reader,
  });
  return { conversationId, epoch: toSignedLink(epoch) };
}
