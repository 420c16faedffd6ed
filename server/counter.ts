import { appointmentHandlers } from './appointments/handlers.ts';
import { Appointments, type BookableService } from './appointments/appointments.ts';
import type { OpenInterval } from './appointments/availability.ts';
import { createAppointmentStore } from './appointments/store.ts';
import { callHandlers } from './calls/handlers.ts';
import type { SfuPool } from './calls/sfu-pool.ts';
import { createSwitchboard, type Switchboard, type SwitchboardDependencies } from './calls/switchboard.ts';
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
import type { QueueCommands } from './protocol/queue.ts';
import type { SupervisionCommands } from './protocol/supervision.ts';
import { queueHandlers } from './queue/handlers.ts';
import { viewOf, type LineState } from './queue/line.ts';
import { PublishedAccuracy } from './queue/published-accuracy.ts';
import { createWaitingLine, type WaitingLine, type WaitingLineDependencies } from './queue/waiting-line.ts';
import { supervisionHandlers } from './supervision/handlers.ts';
import { Load } from './supervision/load.ts';

export interface CounterDependencies {
  readonly database: Database;
  readonly pool: SfuPool;
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
  /** Guests of calls: their accounts end with their call. */
  readonly guests: Pick<SwitchboardDependencies, 'endGuests' | 'removeGuests'>;
  /** Whether there may be other nodes of the server. */
  readonly isShared: boolean;
  /** Accounts with a socket on this node. */
  readonly connected: { isConnected(accountId: AccountId): boolean; accounts(): readonly AccountId[] };
  /** Sessions of these do not run out by idleness. */
  readonly keepAlive: (accountIds: readonly AccountId[]) => Promise<void>;
  /** Tells somebody whose page is closed that it is his turn. */
  readonly push: WaitingLineDependencies['push'];
  /** Those of them whom `push` reaches. */
  readonly isReachable: WaitingLineDependencies['isReachable'];
  /** Those of these sessions that are over. */
  readonly endedOf: (sessionIds: readonly SessionId[]) => Promise<readonly SessionId[]>;
  readonly now: () => number;
  readonly log: Log;
}

/** The counter itself: the waiting line, appointments, calls and their figures, each with what it needs of the others. */
export interface Counter {
  readonly handlers: Handlers<keyof QueueCommands | keyof AppointmentCommands | keyof CallCommands | keyof SupervisionCommands>;
  /** What somebody finds who joins now, by service. */
  loads(): Promise<
    ReadonlyMap<ServiceId, { readonly waiting: number; readonly wait: WaitRange | null; readonly waitsWithin: number | null }>
  >;
  /** The first socket of an account has come to this node, or the last one has gone. */
  notePresence(accountId: AccountId, isConnected: boolean): void;
  /** Lets a guest into a call, as a part of making his account. */
  readonly useInvite: Switchboard['useInvite'];
  /** What otherwise comes with time: absences, holds that are over, missed appointments, deserted calls. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export function createCounter(dependencies: CounterDependencies): Counter {
  const {
    database,
    pool,
    notify,
    offices,
    officialsOf,
    findConversation,
    recordEvent,
    guests,
    isShared,
    connected,
    keepAlive,
    push,
    isReachable,
    endedOf,
    now,
    log,
  } = dependencies;
  const { findService, listServices, openingAt, hoursBetween, dayOf } = offices;

  const load = new Load({
    async readLoad(officeId) {
      const { at, waiting, available, onBreak, inCall } = await queue.line.list(officeId);
      const ofOffice = (await listServices()).filter((service) => service.officeId === officeId);
      const accuracy = await queue.findAccuracy(
        ofOffice.map(({ serviceId }) => serviceId),
        at,
      );
      const services = ofOffice.map(({ serviceId }) => {
        const joined = waiting.filter(({ entry }) => entry.serviceId === serviceId).map(({ entry }) => entry.joinedAt);
        return {
          serviceId,
          waiting: joined.length,
          longestWaitSince: joined.length > 0 ? Math.min(...joined) : null,
          accuracy: accuracy.get(serviceId) ?? null,
        };
      });
      return { at, services, available, onBreak, inCall };
    },
    officialsOf,
    notify,
    log,
  });
  const queue: WaitingLine = createWaitingLine({
    database,
    officialsOf,
    findService,
    openingAt,
    findConversation,
    recordEvent,
    dayOf,
    connected,
    keepAlive,
    push,
    isReachable,
    notify,
    now,
    log,
    servicesOf: async (officeId) =>
      (await listServices()).filter((service) => service.officeId === officeId).map(({ serviceId }) => serviceId),
    expectedAppointments: async (officeId, range, within) => await appointmentStore.readExpected(officeId, range, within),
    onChange: (officeId) => load.note(officeId),
    startCall: async (within, start) => await calls.start(within, start),
    endCall: async (within, callId, ending) => await calls.end(within, callId, ending),
    ringAgain: async (callId) => await calls.ringAgain(callId),
    attending: async () => await calls.attending(),
    closeAppointment: async (within, appointmentId, outcome) => await appointments.close(within, appointmentId, outcome),
  });

  const publishedAccuracy = new PublishedAccuracy({
    findAccuracy: async (serviceIds, at) => await queue.findAccuracy(serviceIds, at),
    now,
  });

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
    joinLine: async (within, checkIn, appointment) => (await queue.arrivals.checkIn(within, checkIn, appointment)).announce,
  });

  const calls = createSwitchboard({
    database,
    pool,
    recordEvent,
    ...guests,
    entry: {
      answer: async (within, entryId, callId, at) => await queue.turns.answer(within, entryId, callId, at),
      end: async (within, entryId, ending) => await queue.turns.end(within, entryId, ending),
      transfer: async (within, entryId, to) => await queue.turns.transfer(within, entryId, to),
      async tell(entryId) {
        const entry = await queue.store.find(entryId);
        if (entry) notify({ account: entry.citizenId }, 'queue:moved', { entry: viewOf(entry, await queue.line.read(entry.officeId)) });
      },
    },
    async listTeam(officeId) {
      const [team, { available, onBreak, inCall }] = [await officialsOf(officeId), await queue.line.list(officeId)];
      return team.map(({ accountId, displayName }) => {
        const state = onBreak.has(accountId) ? 'break' : available.has(accountId) ? 'available' : 'away';
        return { accountId, displayName, state: inCall.has(accountId) ? 'in-call' : state };
      });
    },
    endedOf,
    keepAlive,
    isShared,
    dayOf,
    notify,
    now,
    log,
  });

  const appointmentSweep = every(30_000, 'appointments', async () => await appointments.sweep(), log);
  const loadSweep = every(5_000, 'load', () => load.sweep(), log);

  return {
    handlers: {
      ...queueHandlers(queue.parts),
      ...appointmentHandlers({
        appointments,
        store: appointmentStore,
        dayOf,
        now,
        async viewEntryOf(appointmentId) {
          const entry = await queue.store.findOfAppointment(appointmentId);
          return entry && viewOf(entry, await queue.line.read(entry.officeId));
        },
      }),
      ...callHandlers(calls.parts),
      ...supervisionHandlers({ load }),
    },
    async loads() {
      const services = await listServices();
      const lines = new Map<OfficeId, LineState>();
      for (const officeId of new Set(services.map((service) => service.officeId))) lines.set(officeId, await queue.line.glance(officeId));
      const published = await publishedAccuracy.of(services.map(({ serviceId }) => serviceId));
      return new Map(
        services.map(({ serviceId, officeId }) => [
          serviceId,
          {
            waiting: lines.get(officeId)?.waiting.length ?? 0,
            wait: lines.get(officeId)?.nextWaits.get(serviceId) ?? null,
            waitsWithin: published.get(serviceId) ?? null,
          },
        ]),
      );
    },
    notePresence(accountId, isConnected) {
      queue.notePresence(accountId);
      if (!isConnected) load.unwatch(accountId);
    },
    useInvite: calls.useInvite,
    async sweep() {
      await queue.sweep();
      await appointmentSweep.run();
      await calls.sweep();
    },
    async close() {
      await Promise.all([loadSweep.close(), appointmentSweep.close()]);
      await calls.close();
      await queue.close();
      await load.close();
    },
  };
}
