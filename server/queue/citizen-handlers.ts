import type { AccountId, ConversationId, InboxId, OfficeId, ServiceId } from '../protocol/ids.ts';
import type { Opening } from '../protocol/offices.ts';
import type { QueueEntryView } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';
import type { Handlers } from '../platform/commands.ts';
import { found } from '../platform/database.ts';
import type { Arrivals } from './arrivals.ts';
import type { Entries } from './entries.ts';
import { viewOf, type Line, type LineState } from './line.ts';
import type { QueueEntry } from './queue.ts';
import { schemas } from './schemas.ts';
import type { QueueStore } from './store.ts';
import type { Turns } from './turns.ts';

export interface CitizenHandlersDependencies {
  readonly store: QueueStore;
  readonly line: Line;
  readonly arrivals: Arrivals;
  readonly entries: Entries;
  readonly turns: Turns;
  readonly findService: (serviceId: ServiceId) => Promise<{ readonly officeId: OfficeId; readonly letter: string } | null>;
  readonly openingAt: (serviceId: ServiceId, at: number) => Promise<Opening>;
  readonly findConversation: (
    conversationId: ConversationId,
  ) => Promise<{ readonly officeId: OfficeId; readonly inboxId: InboxId; readonly citizenId: AccountId } | null>;
  readonly now: () => number;
}

type CitizenCommandName =
  | 'queue:join'
  | 'queue:leave'
  | 'queue:list-mine'
  | 'queue:extend'
  | 'queue:pass'
  | 'queue:return'
  | 'queue:set-needs'
  | 'queue:set-readiness';

const citizens = ['citizen'] as const;
const limit = { points: 30, perSeconds: 60 };

/** What those who wait may do with their own tickets. That a ticket is the caller's own is decided where it is locked. */
export function citizenHandlers(dependencies: CitizenHandlersDependencies): Handlers<CitizenCommandName> {
  const { store, line, arrivals, entries, turns, findService, openingAt, findConversation, now } = dependencies;
  /** Those who wait are shown their place in the line as it has become. */
  const viewAfter = async (entry: QueueEntry): Promise<QueueEntryView> =>
    viewOf(entry, entry.state === 'waiting' ? await line.refresh(entry.officeId) : { at: now(), waits: new Map() });

  return {
    'queue:join': {
      allow: citizens,
      schema: schemas['queue:join'],
      limit,
      async run({ entryId, serviceId, conversationId, language, needs }, { accountId }) {
        const service = found((await findService(serviceId)) ?? undefined, 'service');
        const joined = await arrivals.findJoined({ entryId, serviceId, officeId: service.officeId, citizenId: accountId });
        if (joined) return viewOf(joined, await line.read(joined.officeId));
        const conversation = await findConversation(conversationId);
        if (conversation?.citizenId !== accountId) throw new AppError('not_found', 'no such conversation');
        if (conversation.officeId !== service.officeId) throw new AppError('bad_request', 'the conversation is with another office');
        const at = now();
        const opening = await openingAt(serviceId, at);
        if (opening.state === 'closed' || at > opening.admitsUntil) throw new AppError('closed', 'nobody is admitted any more');
        const { officeId, letter } = service;
        const entry = await arrivals.join({ entryId, serviceId, officeId, letter, conversationId, citizenId: accountId, language, needs });
        return viewOf(entry, await line.refresh(entry.officeId));
      },
    },
    'queue:leave': {
      allow: citizens,
      schema: schemas['queue:leave'],
      limit,
      run: async ({ entryId }, { accountId }) => await viewAfter(await entries.leave(entryId, accountId)),
    },
    'queue:list-mine': {
      allow: citizens,
      schema: schemas['queue:list-mine'],
      limit: { points: 120, perSeconds: 60 },
      async run(_request, { accountId }) {
        const mine = await store.listOpenOf(accountId);
        const lines = new Map<OfficeId, LineState>();
        for (const { officeId } of mine) if (!lines.has(officeId)) lines.set(officeId, await line.read(officeId));
        return { entries: mine.map((entry) => viewOf(entry, lines.get(entry.officeId) ?? { at: now(), waits: new Map() })) };
      },
    },
    'queue:extend': {
      allow: citizens,
      schema: schemas['queue:extend'],
      limit,
      run: async ({ entryId }, { accountId }) => await viewAfter(await turns.extend(entryId, accountId)),
    },
    'queue:pass': {
      allow: citizens,
      schema: schemas['queue:pass'],
      limit,
      run: async ({ entryId }, { accountId }) => await viewAfter(await turns.pass(entryId, accountId)),
    },
    'queue:return': {
      allow: citizens,
      schema: schemas['queue:return'],
      limit,
      run: async ({ entryId }, { accountId }) => await viewAfter(await entries.comeBack(entryId, accountId)),
    },
    'queue:set-needs': {
      allow: citizens,
      schema: schemas['queue:set-needs'],
      limit,
      run: async ({ entryId, needs }, { accountId }) => await viewAfter(await entries.stateNeeds(entryId, accountId, needs)),
    },
    'queue:set-readiness': {
      allow: citizens,
      schema: schemas['queue:set-readiness'],
      limit,
      run: async ({ entryId, readiness }, { accountId }) => await viewAfter(await entries.stateReadiness(entryId, accountId, readiness)),
    },
  };
}
