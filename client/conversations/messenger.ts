import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { AccountId, ConversationId, InboxId, ServiceId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { Attachments } from '../attachments/attachments.ts';
import type { FileTasks } from '../attachments/file-tasks.ts';
import type { Lock } from '../net/lock.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { type Observable, waitUntil } from '../net/observable.ts';
import { Outbox } from '../net/outbox.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import type { ConversationMarks } from '../storage/conversation-marks.ts';
import type { EntryCache } from '../storage/entry-cache.ts';
import type { OutboxStore } from '../storage/outbox-store.ts';
import type { Drafts, Profile } from '../storage/texts.ts';
import type { UploadStore } from '../storage/upload-store.ts';
import { ConversationList } from './conversation-list.ts';
import { Conversation } from './conversation.ts';
import type { Reader } from './reader.ts';
import { createConversationStarter } from './start-conversation.ts';

/** Everything about the conversations of the account that is signed in; lives as long as the sign-in. */
export interface Messenger {
  readonly accountId: AccountId;
  readonly conversations: ConversationList;
  readonly drafts: Drafts;
  readonly profile: Profile;
  /** One object an id, kept in step from the first call on. */
  conversation(conversationId: ConversationId): Conversation;
  /** Asks for what opening a conversation with this inbox will need, so that the first message leaves at once. Throws as below. */
  prepare(inboxId: InboxId): Promise<void>;
  /** Opens a conversation with a service's office. Throws a CryptoError when the inbox does not verify, or a RequestError. */
  startConversation(service: { readonly serviceId: ServiceId; readonly inboxId: InboxId }): Promise<Conversation>;
  /** Keys of before a retention cut are gone: what only they opened is closed. */
  forgetKeys(): void;
  /** Stops listening and sending; what is unsent stays on this device. */
  close(): void;
}

export interface MessengerOptions {
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly connection: Observable<ConnectionState>;
  readonly reader: Reader;
  readonly cache: EntryCache;
  readonly marks: ConversationMarks;
  /** What the server's receipts must be signed with, as it was pinned. */
  readonly receiptKey: () => Promise<Uint8Array>;
  readonly raise: RaiseAlarm;
  readonly outboxStore: OutboxStore;
  /** Where what is known of files on their way is kept, and who does the work on them. */
  readonly files: { readonly store: UploadStore; readonly tasks: FileTasks };
  readonly drafts: Drafts;
  readonly profile: Profile;
  readonly lock: Lock;
  readonly now?: () => number;
  /** An inbox's members or keys have changed: what is known of it must be asked for again. */
  readonly onInboxChanged: (inboxId: InboxId) => Promise<void>;
}

/** Puts the conversations, the list and the outbox together and hands each notification to whom it concerns. */
export async function openMessenger(options: MessengerOptions): Promise<Messenger> {
  const { request, on, connection, reader, cache, outboxStore, files, drafts, profile, lock, now = Date.now, onInboxChanged } = options;
  const open = new Map<ConversationId, Conversation>();
  const whenConnected = async () => await waitUntil(connection, ({ status }) => status === 'connected');

  const outbox = new Outbox({
    store: outboxStore,
    lock,
    whenConnected,
    transmit: async (item, keep) => await conversation(item.conversationId).transmit(item, keep),
  });
  const attachments = new Attachments({
    ...files,
    lock,
    connection,
    deliver: async (conversationId, message) => await conversation(conversationId).sendPrepared(message),
    now,
  });
  const authorName = async () => (reader.side === 'citizen' ? await profile.loadName() : null);
  const make = (conversationId: ConversationId, { isNew }: { readonly isNew: boolean }): Conversation => {
    const made = new Conversation({ ...options, conversationId, outbox, attachments, whenConnected, authorName, now, isNew });
    open.set(conversationId, made);
    return made;
  };
  const conversation = (conversationId: ConversationId): Conversation => open.get(conversationId) ?? make(conversationId, { isNew: false });
  const conversations = new ConversationList({ request, cache, whenConnected, open: conversation });
  /** Being opened by this page, with the furthest head the server has told of meanwhile: what there is comes with its answer. */
  const opening = new Map<ConversationId, number>();
  const isOpening = (conversationId: ConversationId, head: number): boolean => {
    const told = opening.get(conversationId);
    if (told !== undefined) opening.set(conversationId, Math.max(told, head));
    return told !== undefined;
  };
  const start = createConversationStarter({ request, reader, onOpening: (conversationId) => void opening.set(conversationId, 0) });

  const stops = [
    on('conversation:advanced', ({ conversationId, head, entries }) => {
      if (!isOpening(conversationId, head)) conversation(conversationId).onAdvanced(head, entries);
    }),
    on('conversation:changed', ({ conversation: view }) => {
      if (isOpening(view.conversationId, view.head)) return;
      conversations.onView(view);
      conversation(view.conversationId).onView(view);
    }),
    on('conversation:read', ({ conversationId, otherReadPosition }) => open.get(conversationId)?.onRead(otherReadPosition)),
    on('inbox:changed', ({ inboxId }) => {
      onInboxChanged(inboxId).then(
        () => open.forEach((one) => one.onKeysChanged()),
        // A chain that is refused has raised its alarm; one that could not be asked for is asked for when it is next needed.
        (error: unknown) => {
          if (!(error instanceof RequestError || error instanceof CryptoError)) throw error;
        },
      );
    }),
    connection.subscribe(({ status }) => {
      // Hints that were sent meanwhile are lost; the list says which conversations have gone on.
      if (status === 'connected') void conversations.refresh();
    }),
  ];

  await conversations.start();
  void conversations.refresh();
  await outbox.start();
  await attachments.start();
  return {
    accountId: reader.accountId,
    conversations,
    drafts,
    profile,
    conversation,
    prepare: async (inboxId) => {
      await whenConnected();
      await reader.readersWanted({ citizenId: reader.userId, inboxId: fromBase64Url(inboxId) }, null);
    },
    startConversation: async (service) => {
      const { view, entry } = await start(service).catch((error: unknown) => {
        // Whatever came of it, hints tell.
        opening.clear();
        throw error;
      });
      const { conversationId } = view;
      const started = open.get(conversationId) ?? make(conversationId, { isNew: true });
      await started.begin(view, entry);
      const head = opening.get(conversationId) ?? 0;
      opening.delete(conversationId);
      started.onAdvanced(head, []);
      conversations.onView(view);
      return started;
    },
    forgetKeys: () => open.forEach((one) => one.onKeysChanged({ areGone: true })),
    close: () => {
      for (const stop of stops) stop();
      outbox.close();
      attachments.close();
      conversations.close();
      for (const one of open.values()) one.close();
    },
  };
}
