import { appointmentHandlers } from './appointments/handlers.ts';
import { Appointments, type BookableService } from './appointments/appointments.ts';
import type { OpenInterval } from './appointments/availability.ts';
import { createAppointmentStore } from './appointments/store.ts';
import { Attendances } from './calls/attendance.ts';
import { Calls } from './calls/calls.ts';
import { callHandlers } from './calls/handlers.ts';
import type { SfuClient } from './calls/sfu-client.ts';
import { followSfu } from './calls/sfu-events.ts';
import { createCallStore } from './calls/store.ts';
import type { Handlers } from './platform/commands.ts';
import type { Announcement, Database, Transaction } from './platform/database.ts';
import { every } from './platform/every.ts';
import type { Log } from './platform/log.ts';
import type { Notify } from './platform/notify.ts';
import type { AppointmentCommands } from './protocol/appointments.ts';
import type { CallCommands } from './protocol/calls.ts';
import type { ConversationEvent } from './protocol/conversations.ts';
import type { AccountId, ConversationId, InboxId, OfficeId, ServiceId, SessionId } from './protocol/ids.ts';
import type { Opening, WaitRange } from './protocol/offices.ts';
import type { SupervisionCommands } from './protocol/supervision.ts';
import { Entries } from './queue/entries.ts';
import { queueHandlers } from './queue/handlers.ts';
import { Line, viewOf, type LineState } from './queue/line.ts';
import { Presence } from './queue/presence.ts';
import { createPresenceStore } from './queue/presence-store.ts';
import type { QueueCommandName } from './queue/schemas.ts';
import { createQueueStore } from './queue/store.ts';
import { supervisionHandlers } from './supervision/handlers.ts';
import { Load } from './supervision/load.ts';

export interface CounterDependencies {
  readonly database: Database;
  readonly sfu: SfuClient;
  readonly notify: Notify;
  readonly offices: {
    readonly findService: (serviceId: ServiceId) => Promise<BookableService | null>;
    readonly listServices: () => Promise<readonly { readonly serviceId: ServiceId; readonly officeId: OfficeId }[]>;
    readonly openingAt: (serviceId: ServiceId, at: number) => Promise<Opening>;
    readonly hoursBetween: (serviceId: ServiceId, from: number, to: number) => Promise<readonly OpenInterval[]>;
    readonly dayOf: (at: number) => string;
  };
  /** Officials who read the inbox of the office. */
  readonly officialsOf: (officeId: OfficeId) => Promise<readonly { readonly accountId: AccountId; readonly displayName: string }[]>;
  readonly findConversation: (
    conversationId: ConversationId,
  ) => Promise<{ readonly officeId: OfficeId; readonly inboxId: InboxId; readonly citizenId: AccountId } | null>;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  /** Accounts with a socket on this node. */
  readonly connected: { isConnected(accountId: AccountId): boolean; accounts(): readonly AccountId[] };
  /** Sessions of these do not run out by idleness. */
  readonly keepAlive: (accountIds: readonly AccountId[]) => Promise<void>;
  /** Those of these sessions that are over. */
  readonly endedOf: (sessionIds: readonly SessionId[]) => Promise<readonly SessionId[]>;
  readonly now: () => number;
  readonly log: Log;
}

/** The counter itself: the waiting line, appointments, calls and their figures, each with what it needs of the others. */
export interface Counter {
  readonly handlers: Handlers<QueueCommandName | keyof AppointmentCommands | keyof CallCommands | keyof SupervisionCommands>;
  /** What somebody finds who joins now, by service. */
  loads(): Promise<ReadonlyMap<ServiceId, { readonly waiting: number; readonly wait: WaitRange | null }>>;
  /** The first socket of an account has come to this node, or the last one has gone. */
  notePresence(accountId: AccountId, isConnected: boolean): void;
  /** What otherwise comes with time: absences, holds that are over, missed appointments, deserted calls. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export function createCounter(dependencies: CounterDependencies): Counter {
  const { database, sfu, notify, offices, officialsOf, findConversation, recordEvent, connected, keepAlive, endedOf, now, log } =
    dependencies;
  const { findService, listServices, openingAt, hoursBetween, dayOf } = offices;

  const queue = createQueueStore(database);
  const presenceStore = createPresenceStore(database);
  const load = new Load({
    async readLoad(officeId) {
      const { at, waiting, available, inCall } = await line.read(officeId);
      const ofOffice = (await listServices()).filter((service) => service.officeId === officeId);
      const services = ofOffice.map(({ serviceId }) => {
        const joined = waiting.filter(({ entry }) => entry.serviceId === serviceId).map(({ entry }) => entry.joinedAt);
        return { serviceId, waiting: joined.length, longestWaitSince: joined.length > 0 ? Math.min(...joined) : null };
      });
      return { at, services, available, inCall };
    },
    officialsOf,
    notify,
    log,
  });
  const line = new Line({
    database,
    store: queue,
    presence: presenceStore,
    officialsOf,
    notify,
    onChange: (officeId) => load.note(officeId),
    now,
    log,
  });
  const entries: Entries = new Entries({
    database,
    store: queue,
    presence: presenceStore,
    line,
    recordEvent,
    dayOf,
    notify,
    now,
    startCall: async (within, start) => await calls.start(within, start),
    closeAppointment: async (within, appointmentId, outcome) => await appointments.close(within, appointmentId, outcome),
  });
  const presence = new Presence({ store: presenceStore, entries, line, connected, keepAlive, now, log });

  const appointmentStore = createAppointmentStore(database);
  const appointments = new Appointments({
    database,
    store: appointmentStore,
    findService,
    hoursBetween,
    findConversation,
    recordEvent,
    notify,
    now,
    joinLine: async (within, checkIn, appointment) => (await entries.checkIn(within, checkIn, appointment)).announce,
  });

  const callStore = createCallStore(database);
  const calls = new Calls({
    database,
    store: callStore,
    sfu,
    recordEvent,
    endEntry: async (within, entryId, at) => await entries.end(within, entryId, at),
    notify,
    now,
    log,
  });
  const attendances = new Attendances({ sfu, endedOf, log });
  const unfollowSfu = followSfu({ sfu, calls, store: callStore, notify, log });

  const sweeps = [
    every(20_000, 'presence', async () => await presence.sweep(), log),
    every(30_000, 'appointments', async () => await appointments.sweep(), log),
    every(60_000, 'calls', async () => await calls.sweep(), log),
  ];
  const attendanceCheck = every(2_000, 'sessions of those in calls', async () => await attendances.check(), log);
  const loadSweep = every(5_000, 'load', () => load.sweep(), log);

  return {
    handlers: {
      ...queueHandlers({ store: queue, presence: presenceStore, line, entries, findService, openingAt, findConversation, now }),
      ...appointmentHandlers({
        appointments,
        store: appointmentStore,
        dayOf,
        now,
        async viewEntryOf(appointmentId) {
          const entry = await queue.findOfAppointment(appointmentId);
          return entry && viewOf(entry, await line.read(entry.officeId));
        },
      }),
      ...callHandlers({ calls, store: callStore, sfu, attendances, now }),
      ...supervisionHandlers({ load }),
    },
    async loads() {
      const services = await listServices();
      const lines = new Map<OfficeId, LineState>();
      for (const officeId of new Set(services.map((service) => service.officeId))) lines.set(officeId, await line.read(officeId));
      return new Map(
        services.map(({ serviceId, officeId }) => [
          serviceId,
          { waiting: lines.get(officeId)?.waiting.length ?? 0, wait: lines.get(officeId)?.nextWait ?? null },
        ]),
      );
    },
    notePresence(accountId, isConnected) {
      presence.note(accountId);
      if (!isConnected) load.unwatch(accountId);
    },
    async sweep() {
      for (const sweep of sweeps) await sweep.run();
    },
    async close() {
      attendances.close();
      await Promise.all([loadSweep.close(), attendanceCheck.close(), ...sweeps.map((sweep) => sweep.close())]);
      await unfollowSfu();
      await presence.settle();
      await line.settle();
      await load.close();
    },
  };
}
