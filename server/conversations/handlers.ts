import { AppError } from '../platform/app-error.ts';
import { isReader } from '../platform/caller.ts';
import type { Handlers } from '../platform/commands.ts';
import type { Database } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { fromBase64Url } from '../protocol/base64url.ts';
import type { ConversationCommands } from '../protocol/conversations.ts';
import { limits } from '../protocol/limits.ts';
import type { Role } from '../protocol/roles.ts';
import { boxReadersOf, type Conversations } from './conversations.ts';
import { entryFor } from './entry.ts';
import { schemas } from './schemas.ts';
import type { MessageSending } from './sending.ts';
import { ConversationStore } from './store.ts';

export interface ConversationHandlersDependencies {
  readonly database: Database;
  readonly conversations: Conversations;
  readonly sending: MessageSending;
  readonly notify: Notify;
}

const readers: readonly Role[] = ['citizen', 'official'];

export function conversationHandlers({
  database,
  conversations,
  sending,
  notify,
}: ConversationHandlersDependencies): Handlers<keyof ConversationCommands> {
  const store = new ConversationStore(database);
  return {
    'conversation:open': {
      allow: ['citizen'],
      schema: schemas['conversation:open'],
      limit: { points: 20, perSeconds: 3_600 },
      run: async (request, caller) => await conversations.open(request, caller),
    },
    'conversation:list': {
      allow: readers,
      schema: schemas['conversation:list'],
      limit: { points: 120, perSeconds: 60 },
      async run(_, caller) {
        const inboxIds = [...caller.inboxRoles.keys()].filter((inboxId) => isReader(caller, inboxId));
        return { conversations: await store.list(caller.accountId, inboxIds) };
      },
    },
    'conversation:pull': {
      allow: readers,
      schema: schemas['conversation:pull'],
      limit: { points: 600, perSeconds: 60 },
      async run({ conversationId, after }, caller) {
        const row = await conversations.requireReadable(conversationId, caller);
        const entries = await store.findEntries(conversationId, after, limits.entriesPerPage);
        // After the entries: its head is never before the last of them.
        const conversation = await store.view(conversationId, caller.accountId);
        if (!conversation) throw new AppError('not_found', 'no such conversation');
        return { conversation, entries: entries.map((entry) => entryFor(boxReadersOf(row, caller), entry)) };
      },
    },
    'epoch:append': {
      allow: readers,
      schema: schemas['epoch:append'],
      // Officials seal all live cases anew when they let the old ones expire.
      limit: ({ role }) => ({ points: role === 'citizen' ? 60 : 600, perSeconds: 60 }),
      run: async ({ conversationId, epoch }, caller) => await conversations.appendEpoch(conversationId, epoch, caller),
    },
    'message:send': {
      allow: readers,
      schema: schemas['message:send'],
      limit: ({ role }) => ({ points: role === 'citizen' ? 30 : 120, perSeconds: 60 }),
      run: async ({ conversationId, envelope }, caller) => await sending.send(conversationId, fromBase64Url(envelope), caller),
    },
    'conversation:mark-read': {
      allow: readers,
      schema: schemas['conversation:mark-read'],
      limit: { points: 300, perSeconds: 60 },
      async run({ conversationId, position }, caller) {
        const { citizenId, inboxId } = await conversations.requireReadable(conversationId, caller);
        const read = await store.markRead(conversationId, caller.accountId, position);
        if (caller.accountId === citizenId) notify({ readers: inboxId }, 'conversation:read', { conversationId, otherReadPosition: read });
        else
          notify({ account: citizenId }, 'conversation:read', {
            conversationId,
            otherReadPosition: await store.findOfficialsPosition(conversationId, citizenId),
          });
        return { position: read };
      },
    },
  };
}
