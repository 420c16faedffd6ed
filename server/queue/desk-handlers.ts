import type { OfficeId, ServiceId } from '../protocol/ids.ts';
import { mayWrite } from '../protocol/inbox-rules.ts';
import type { Availability, WaitingEntry } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import type { Handlers } from '../platform/commands.ts';
import { serves, type AvailabilityStore } from './availability-store.ts';
import type { Entries } from './entries.ts';
import type { InLine } from './line-store.ts';
import { presenceMs, type Line } from './line.ts';
import type { CalledState, ParkedState, WaitingState } from './queue.ts';
import { schemas } from './schemas.ts';
import type { QueueStore } from './store.ts';
import type { Official, Turns } from './turns.ts';

export interface DeskHandlersDependencies {
  readonly store: QueueStore;
  readonly availability: AvailabilityStore;
  readonly line: Line;
  readonly entries: Entries;
  readonly turns: Turns;
  readonly findService: (serviceId: ServiceId) => Promise<{ readonly officeId: OfficeId } | null>;
  readonly now: () => number;
}

type DeskCommandName =
  | 'queue:list'
  | 'queue:accept'
  | 'queue:call-again'
  | 'queue:mark-missed'
  | 'queue:park'
  | 'queue:prioritise'
  | 'queue:redirect'
  | 'availability:set';

const officials = ['official'] as const;
const limit = { points: 60, perSeconds: 60 };

/** What officials do with the line of their office. That a ticket is of their office is decided where it is locked. */
export function deskHandlers(dependencies: DeskHandlersDependencies): Handlers<DeskCommandName> {
  const { store, availability, line, entries, turns, findService, now } = dependencies;
  /** Throws `forbidden` for services of other offices, and for what is none. */
  const requireServices = async (serviceIds: readonly ServiceId[], officeId: OfficeId): Promise<void> => {
    for (const serviceId of serviceIds)
      if ((await findService(serviceId))?.officeId !== officeId) throw new AppError('forbidden', 'no service of the office');
  };

  return {
    'queue:list': {
      allow: officials,
      schema: schemas['queue:list'],
      limit: { points: 300, perSeconds: 60 },
      async run(_request, caller) {
        const official = requireOfficial(caller);
        const { waiting, called, parked, accepted, at } = await line.list(official.officeId);
        const said = await availability.find(official);
        const served = [...called, ...accepted].find(({ entry }) => entry.turn.officialId === official.accountId)?.entry;
        const first = [...waiting, ...called, ...parked].filter(({ entry }) => entry.priority !== null);
        const prioritised = await store.findPriorities(first.map(({ entry }) => entry.entryId));
        const view = (each: Parameters<typeof deskView>[0], place: number | null): WaitingEntry => ({
          ...deskView(each, place, said, at),
          prioritised: (each.entry.priority && prioritised.get(each.entry.entryId)) ?? null,
        });
        const byCall = called.toSorted((one, other) => one.entry.turn.calledAt - other.entry.turn.calledAt);
        return {
          at,
          entries: [
            ...byCall.map((each) => view(each, null)),
            ...waiting.map((each, ahead) => view(each, ahead + 1)),
            ...parked.map((each) => view(each, null)),
          ],
          serving: served ? { conversationId: served.conversationId, language: served.language, needs: served.needs } : null,
          availability: said,
        };
      },
    },
    'queue:accept': {
      allow: officials,
      schema: schemas['queue:accept'],
      limit,
      async run({ entryId }, caller) {
        const { turn, conversationId } = await turns.call(entryId, requireOfficial(caller));
        return { callId: turn.callId, conversationId };
      },
    },
    'queue:call-again': {
      allow: officials,
      schema: schemas['queue:call-again'],
      limit,
      async run({ entryId }, caller) {
        const { turn } = await turns.ringAgain(entryId, requireOfficial(caller));
        return { answerBy: turn.answerBy };
      },
    },
    'queue:mark-missed': {
      allow: officials,
      schema: schemas['queue:mark-missed'],
      limit,
      async run({ entryId }, caller) {
        await turns.markMissed(entryId, requireOfficial(caller));
        return {};
      },
    },
    'queue:park': {
      allow: officials,
      schema: schemas['queue:park'],
      limit,
      async run({ entryId }, caller) {
        await entries.park(entryId, requireOfficial(caller));
        return {};
      },
    },
    'queue:prioritise': {
      allow: officials,
      schema: schemas['queue:prioritise'],
      limit,
      async run({ entryId, reason }, caller) {
        await entries.prioritise(entryId, requireOfficial(caller), reason);
        return {};
      },
    },
    'queue:redirect': {
      allow: officials,
      schema: schemas['queue:redirect'],
      limit,
      async run({ entryId, serviceId }, caller) {
        const official = requireOfficial(caller);
        await requireServices([serviceId], official.officeId);
        await entries.redirect(entryId, official, serviceId);
        return {};
      },
    },
    'availability:set': {
      allow: officials,
      schema: schemas['availability:set'],
      limit,
      async run(said, caller) {
        const official = requireOfficial(caller);
        await requireServices(said.services, official.officeId);
        await availability.set(official, said, now());
        await line.refresh(official.officeId);
        return said;
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

function deskView(
  { entry, present, lastPresentAt }: InLine<WaitingState | CalledState | ParkedState>,
  place: number | null,
  said: Availability,
  at: number,
): Omit<WaitingEntry, 'prioritised'> {
  const { entryId, ticketNumber, serviceId, conversationId, citizenId, language, state, joinedAt } = entry;
  const { missedTurns, needs, priority, readiness, appointment } = entry;
  const turn = entry.state === 'called' ? entry.turn : null;
  return {
    entryId,
    ticketNumber,
    serviceId,
    conversationId,
    citizenId,
    language,
    state,
    calledBy: turn?.officialId ?? null,
    answerBy: turn?.answerBy ?? null,
    missedTurns,
    needs,
    priority,
    readiness,
    joinedAt,
    appointmentAt: appointment?.startsAt ?? null,
    place,
    present: present && lastPresentAt > at - presenceMs,
    servable: serves(said, entry),
  };
}
