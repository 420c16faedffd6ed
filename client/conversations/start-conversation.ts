import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { ConversationView, EpochEntry } from '../../server/protocol/conversations.ts';
import { envelopeHash, firstRun, nextRun } from '../../server/protocol/envelope.ts';
import type { SignedLink } from '../../server/protocol/offices.ts';
import { type ConversationId, type InboxId, newId, type ServiceId } from '../../server/protocol/ids.ts';
import { createEpoch } from '../crypto/epoch-keys.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { toSignedLink } from '../net/wire.ts';
import type { Reader } from './reader.ts';

interface Opening {
  readonly conversationId: ConversationId;
  readonly epoch: SignedLink;
}

/**
 * Opens conversations. An attempt without an answer keeps its id and its epoch, so that trying again does not make a second conversation.
 * `onOpening`: from now on the server may tell of it, before it has answered.
 */
export function createConversationStarter({
  request,
  reader,
  onOpening,
}: {
  readonly request: RequestFunction;
  readonly reader: Reader;
  readonly onOpening: (conversationId: ConversationId) => void;
}) {
  const unanswered = new Map<ServiceId, Opening>();

  const open = async (
    { serviceId, inboxId }: { readonly serviceId: ServiceId; readonly inboxId: InboxId },
    { fresh }: { readonly fresh: boolean },
  ) => {
    const opening = unanswered.get(serviceId) ?? (await firstEpoch(reader, inboxId, fresh));
    unanswered.set(serviceId, opening);
    onOpening(opening.conversationId);
    try {
      const view = await request('conversation:open', { ...opening, serviceId });
      unanswered.delete(serviceId);
      return { view, entry: firstEntry(view, opening.epoch) };
    } catch (error) {
      if (error instanceof RequestError && !error.retryable) unanswered.delete(serviceId);
      throw error;
    }
  };

  /** The conversation, and the entry it begins with. Throws a CryptoError when the inbox does not verify, or a RequestError. */
  return async (service: {
    readonly serviceId: ServiceId;
    readonly inboxId: InboxId;
  }): Promise<{ readonly view: ConversationView; readonly entry: EpochEntry }> => {
    try {
      return await open(service, { fresh: false });
    } catch (error) {
      // Somebody joined, left or has newer keys since the chains were asked for.
      if (!(error instanceof RequestError) || (error.code !== 'stale_epoch' && error.code !== 'conflict')) throw error;
      return await open(service, { fresh: true });
    }
  };
}

/** As the server gives it to the citizen who made it: he is the first of its readers. */
function firstEntry({ conversationId, openedAt }: ConversationView, { link, boxes }: SignedLink): EpochEntry {
  const run = nextRun(firstRun(fromBase64Url(conversationId)), 1, envelopeHash(fromBase64Url(link)));
  return { kind: 'epoch', position: 1, acceptedAt: openedAt, run: toBase64Url(run), link, box: boxes[0] ?? null, previousBox: null };
}

async function firstEpoch(reader: Reader, inboxId: InboxId, fresh: boolean): Promise<Opening> {
  const conversationId: ConversationId = newId();
  const { readers, isStale } = await reader.readersWanted({ citizenId: reader.userId, inboxId: fromBase64Url(inboxId) }, null, { fresh });
  const epoch = createEpoch({
    conversationId: fromBase64Url(conversationId),
    previous: null,
    readers,
    reason: isStale ? 'stale_inbox' : 'opened',
    signer: reader,
  });
  return { conversationId, epoch: toSignedLink(epoch) };
}
