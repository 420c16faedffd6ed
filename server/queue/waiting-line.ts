import type { ConversationEvent } from '../protocol/conversations.ts';
import type { AccountId, ConversationId, InboxId, OfficeId, ServiceId } from '../protocol/ids.ts';
import type { Opening } from '../protocol/offices.ts';
import type { Announcement, Database, Transaction } from '../platform/database.ts';
import { every, type Recurring } from '../platform/every.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';
import { Arrivals } from './arrivals.ts';
import { createAvailabilityStore, type AvailabilityStore } from './availability-store.ts';
import { Entries, type EntriesDependencies } from './entries.ts';
import { createForecastStore, type ForecastStore } from './forecast-store.ts';
import { Forecasts, type ForecastsDependencies } from './forecasts.ts';
import { createLineStore } from './line-store.ts';
import { Line, type LineDependencies } from './line.ts';
import { createPresenceStore } from './presence-store.ts';
import { Presence, type PresenceDependencies } from './presence.ts';
import { createQueueStore, type QueueStore } from './store.ts';
import { createTurnStore } from './turn-store.ts';
import { TurnWatch, watchMs } from './turn-watch.ts';
import { Turns, type TurnsDependencies } from './turns.ts';

export interface WaitingLineDependencies
  extends
    Pick<LineDependencies, 'officialsOf' | 'onChange'>,
    Omit<ForecastsDependencies, 'store'>,
    Pick<PresenceDependencies, 'connected' | 'isReachable' | 'keepAlive'>,
    Pick<TurnsDependencies, 'startCall' | 'endCall' | 'ringAgain' | 'push'> {
  readonly database: Database;
  readonly findService: (serviceId: ServiceId) => Promise<{ readonly officeId: OfficeId; readonly letter: string } | null>;
  readonly openingAt: (serviceId: ServiceId, at: number) => Promise<Opening>;
  readonly findConversation: (
    conversationId: ConversationId,
  ) => Promise<{ readonly officeId: OfficeId; readonly inboxId: InboxId; readonly citizenId: AccountId } | null>;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  /** The entry of a checked-in appointment was served, or left the line. */
  readonly closeAppointment: TurnsDependencies['closeAppointment'] & EntriesDependencies['closeAppointment'];
  /** Officials who are in the room of their running call, on any node. */
  readonly attending: () => Promise<ReadonlySet<AccountId>>;
  /** The local date, "2026-11-22". */
  readonly dayOf: (at: number) => string;
  readonly notify: Notify;
  readonly now: () => number;
  readonly log: Log;
}

/** What the commands of the line are made of. */
export interface WaitingLineParts extends Pick<WaitingLineDependencies, 'findService' | 'openingAt' | 'findConversation' | 'now'> {
  readonly store: QueueStore;
  readonly availability: AvailabilityStore;
  readonly line: Line;
  readonly arrivals: Arrivals;
  readonly entries: Entries;
  readonly turns: Turns;
}

/** The waiting lines of all offices. */
export interface WaitingLine {
  readonly parts: WaitingLineParts;
  readonly store: QueueStore;
  readonly line: Line;
  /** How good the waits that were announced have been. */
  readonly findAccuracy: ForecastStore['findAccuracy'];
  readonly arrivals: Arrivals;
  /** For the calls, which end and answer turns in their own commits. */
  readonly turns: Turns;
  /** The first socket of an account has come to this node, or the last one has gone. */
  notePresence(accountId: AccountId): void;
  /** What otherwise comes with time: absences, missed turns, officials who have vanished. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

const presenceSweepMs = 20_000;

export function createWaitingLine(dependencies: WaitingLineDependencies): WaitingLine {
  const { database, attending, connected, now, log } = dependencies;
  const store = createQueueStore(database);
  const lineStore = createLineStore(database);
  const availability = createAvailabilityStore(database);
  const presenceStore = createPresenceStore(database);
  const turnStore = createTurnStore(database);

  const forecastStore = createForecastStore(database);
  const forecasts = new Forecasts({ ...dependencies, store: forecastStore });

  const line = new Line({ ...dependencies, store: lineStore, availability, forecasts });
  const arrivals = new Arrivals({ ...dependencies, store, lineStore, line });
  const entries = new Entries({ ...dependencies, store, lineStore, presence: presenceStore, line });
  const turns = new Turns({ ...dependencies, store, lineStore, availability, line });
  const presence = new Presence({ ...dependencies, store: presenceStore, lineStore, entries, line });
  const watch = new TurnWatch({ store: turnStore, turns, connected, attending, now, log });

  const presenceSweep = every(presenceSweepMs, 'presence', async () => await presence.sweep(), log);
  const lookAgain = (): void => {
    watching.run().catch((error: unknown) => log.warn({ err: error }, 'turns could not be looked at'));
  };
  const watching: Recurring = every(watchMs, 'turns', async () => await watch.look(lookAgain), log);

  return {
    parts: { ...dependencies, store, availability, line, arrivals, entries, turns },
    store,
    line,
    findAccuracy: async (serviceIds, at) => await forecastStore.findAccuracy(serviceIds, at),
    arrivals,
    turns,
    notePresence: (accountId) => presence.note(accountId),
    async sweep() {
      await presenceSweep.run();
      await watching.run();
    },
    async close() {
      await Promise.all([presenceSweep.close(), watching.close()]);
      watch.close();
      await presence.settle();
      await line.settle();
    },
  };
}
