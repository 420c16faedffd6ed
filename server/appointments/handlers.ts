import type { AppointmentCommands } from '../protocol/appointments.ts';
import type { AppointmentId } from '../protocol/ids.ts';
import type { QueueEntryView } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';
import { isReader } from '../platform/caller.ts';
import type { Handlers } from '../platform/commands.ts';
import { found } from '../platform/database.ts';
import { viewOf, type Appointments } from './appointments.ts';
import { schemas } from './schemas.ts';
import type { AppointmentStore } from './store.ts';

export interface AppointmentHandlersDependencies {
  readonly appointments: Appointments;
  readonly store: AppointmentStore;
  /** The queue entry somebody checked in with. */
  readonly viewEntryOf: (appointmentId: AppointmentId) => Promise<QueueEntryView | null>;
  /** The local date, "2026-11-22". */
  readonly dayOf: (at: number) => string;
  readonly now: () => number;
}

const dayMs = 24 * 60 * 60_000;
/** How long a citizen finds what is over in his list. */
const pastMs = 30 * dayMs;

/** The commands of appointments. */
export function appointmentHandlers({
  appointments,
  store,
  viewEntryOf,
  dayOf,
  now,
}: AppointmentHandlersDependencies): Handlers<keyof AppointmentCommands> {
  return {
    'appointment:list-slots': {
      allow: ['citizen'],
      schema: schemas['appointment:list-slots'],
      limit: { points: 120, perSeconds: 60 },
      run: async ({ serviceId }) => ({ slots: await appointments.listSlots(serviceId) }),
    },
    'appointment:hold': {
      allow: ['citizen'],
      schema: schemas['appointment:hold'],
      limit: { points: 30, perSeconds: 60 },
      run: async (request, { accountId }) => viewOf(await appointments.hold(request, accountId)),
    },
    'appointment:book': {
      allow: ['citizen'],
      schema: schemas['appointment:book'],
      limit: { points: 30, perSeconds: 60 },
      run: async (booking, { accountId }) => viewOf(await appointments.book(booking, accountId)),
    },
    'appointment:cancel': {
      allow: ['citizen'],
      schema: schemas['appointment:cancel'],
      limit: { points: 30, perSeconds: 60 },
      run: async ({ appointmentId }, { accountId }) => viewOf(await appointments.cancel(appointmentId, accountId)),
    },
    'appointment:list': {
      allow: ['citizen', 'official'],
      schema: schemas['appointment:list'],
      limit: { points: 120, perSeconds: 60 },
      async run(_request, caller) {
        const at = now();
        if (caller.role === 'citizen') {
          const own = await store.listOf(caller.accountId, at - pastMs);
          return { appointments: own.filter((each) => each.state !== 'held' || each.holdExpiresAt > at).map(viewOf) };
        }
        const { officeId, inboxId } = caller;
        if (officeId === null || inboxId === null || !isReader(caller, inboxId))
          throw new AppError('forbidden', 'not a member of the team');
        const recent = await store.listOfOffice(officeId, at - 2 * dayMs);
        return { appointments: recent.filter(({ startsAt }) => dayOf(startsAt) >= dayOf(at)).map(viewOf) };
      },
    },
    'appointment:check-in': {
      allow: ['citizen'],
      schema: schemas['appointment:check-in'],
      limit: { points: 30, perSeconds: 60 },
      async run({ appointmentId, language }, { accountId }) {
        const appointment = await appointments.checkIn(appointmentId, accountId, language);
        return { appointment: viewOf(appointment), entry: found((await viewEntryOf(appointmentId)) ?? undefined, 'queue entry') };
      },
    },
  };
}
