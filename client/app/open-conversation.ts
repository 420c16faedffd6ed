import type { ConversationId } from '../../server/protocol/ids.ts';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import type { Messenger } from '../conversations/messenger.ts';

/**
 * The conversation that a ticket or an appointment belongs to: the one the person comes from (`?conversation=`), else the open
 * one with this service, else a new one. Throws what `startConversation` throws.
 */
export async function openConversation(messenger: Messenger, service: ServiceView, office: OfficeView): Promise<ConversationId> {
  const wanted = new URLSearchParams(location.search).get('conversation');
  await loaded(messenger);
  // One that was handed over keeps its service and is with another office.
  const open = messenger.conversations.state.value.rows
    .map(({ view }) => view)
    .filter((view) => view.state === 'open' && view.officeId === office.officeId);
  const found =
    open.find(({ conversationId }) => conversationId === wanted) ?? open.find(({ serviceId }) => serviceId === service.serviceId);
  if (found !== undefined) return found.conversationId;
  const conversation = await messenger.startConversation({ serviceId: service.serviceId, inboxId: office.inboxId });
  return conversation.conversationId;
}

/** Before the list is here, one's own conversations look like none. */
async function loaded({ conversations }: Messenger): Promise<void> {
  if (!conversations.state.value.loaded) await conversations.refresh();
}
