import type { AccountId, ConversationId, InboxId, OfficeId, ServiceId } from '../protocol/ids.ts';
import { mayWrite } from '../protocol/inbox-rules.ts';
import type { Opening } from '../protocol/offices.ts';
import type { WaitingEntry } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import type { Handlers } from '../platform/commands.ts';
import { found } from '../platform/database.ts';
import type { Entries, Official } from './entries.ts';
import { presenceMs, viewOf, type Line, type LineState } from './line.ts';
import type { PresenceStore } from './presence-store.ts';
import { schemas, type QueueCommandName } from './schemas.ts';
import type { QueueStore, Waiting } from './store.ts';

export interface QueueHandlersDependencies {
  readonly store: QueueStore;
  readonly presence: PresenceStore;
  readonly line: Line;
  readonly entries: Entries;
  readonly findService: (serviceId: ServiceId) => Promise<{ readonly officeId: OfficeId; readonly letter: string } | null>;
  readonly openingAt: (serviceId: ServiceId, at: number) => Promise<Opening>;
  readonly findConversation: (
    conversationId: ConversationId,
  ) => Promise<{ readonly officeId: OfficeId; readonly inboxId: InboxId; readonly citizenId: AccountId } | null>;
  readonly now: () => number;
}

/** The commands of the waiting line. */
export function queueHandlers(dependencies: QueueHandlersDependencies): Handlers<QueueCommandName> {
  const { store, presence, line, entries, findService, openingAt, findConversation, now } = dependencies;
  return {
    'queue:join': {
      allow: ['citizen'],
      schema: schemas['queue:join'],
      limit: { points: 30, perSeconds: 60 },
      async run({ entryId, serviceId, conversationId, language }, { accountId }) {
        const service = found((await findService(serviceId)) ?? undefined, 'service');
        const joined = await entries.findJoined({ entryId, serviceId, citizenId: accountId });
        if (joined) return viewOf(joined, await line.read(joined.officeId));
        const conversation = await findConversation(conversationId);
        if (conversation?.citizenId !== accountId) throw new AppError('not_found', 'no such conversation');
        if (conversation.officeId !== service.officeId) throw new AppError('bad_request', 'the conversation is with another office');
        if ((await openingAt(serviceId, now())).state === 'closed') throw new AppError('closed', 'outside opening hours');
        const { officeId, letter } = service;
        const entry = await entries.join({ entryId, serviceId, officeId, letter, conversationId, citizenId: accountId, language });
        return viewOf(entry, await line.refresh(entry.officeId));
      },
    },
    'queue:leave': {
      allow: ['citizen'],
      schema: schemas['queue:leave'],
      limit: { points: 30, perSeconds: 60 },
      async run({ entryId }, { accountId }) {
        return viewOf(await entries.leave(entryId, accountId), { at: now(), waits: new Map() });
      },
    },
    'queue:list-mine': {
      allow: ['citizen'],
      schema: schemas['queue:list-mine'],
      limit: { points: 120, perSeconds: 60 },
      async run(_request, { accountId }) {
        const mine = await store.listOpenOf(accountId);
        const lines = new Map<OfficeId, LineState>();
        for (const { officeId } of mine) if (!lines.has(officeId)) lines.set(officeId, await line.read(officeId));
        return { entries: mine.map((entry) => viewOf(entry, lines.get(entry.officeId) ?? { at: now(), waits: new Map() })) };
      },
    },
    'queue:list': {
      allow: ['official'],
      schema: schemas['queue:list'],
      limit: { points: 300, perSeconds: 60 },
      async run(_request, caller) {
        const { officeId, accountId } = requireOfficial(caller);
        const { waiting, at } = await line.read(officeId);
        return {
          entries: waiting.map((each, index) => waitingView(each, index + 1, at)),
          available: await presence.isAvailable(accountId),
        };
      },
    },
    'queue:accept': {
      allow: ['official'],
      schema: schemas['queue:accept'],
      limit: { points: 60, perSeconds: 60 },
      async run({ entryId }, caller) {
        const { callId, conversationId } = await entries.accept(entryId, requireOfficial(caller));
        return { callId, conversationId };
      },
    },
    'availability:set': {
      allow: ['official'],
      schema: schemas['availability:set'],
      limit: { points: 30, perSeconds: 60 },
      async run({ available }, caller) {
        const official = requireOfficial(caller);
        await presence.setAvailable(official, available, now());
        await line.refresh(official.officeId);
        return { available };
      },
    },
  };
}

/** An official of the team: one who may answer what the citizens of its office write. Throws `forbidden`. */
function requireOfficial({ accountId, displayName, officeId, inboxId, inboxRoles }: Caller): Official {
  const role = inboxId && inboxRoles.get(inboxId);
  if (officeId === null || displayName === null || !role || !mayWrite(role)) throw new AppError('forbidden', 'not a member of the team');
  return { accountId, displayName, officeId };
}

function waitingView({ entry, present, lastPresentAt }: Waiting, place: number, at: number): WaitingEntry {
  const { entryId, ticketNumber, serviceId, conversationId, citizenId, language, joinedAt } = entry;
  const isPresent = present && lastPresentAt > at - presenceMs;
  return {
    entryId,
    ticketNumber,
    serviceId,
    conversationId,
    citizenId,
    language,
    joinedAt,
    appointmentAt: entry.appointment?.startsAt ?? null,
    place,
    present: isPresent,
  };
}
