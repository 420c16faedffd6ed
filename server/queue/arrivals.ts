import type { ConversationEvent } from '../protocol/conversations.ts';
import { newId, type AccountId, type ConversationId, type OfficeId, type QueueEntryId, type ServiceId } from '../protocol/ids.ts';
import type { Locale } from '../protocol/locale.ts';
import type { Need } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';
import { transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import type { LineStore } from './line-store.ts';
import type { Line } from './line.ts';
import { behindFirst } from './place.ts';
import { attachAppointment, comeBack, join, type EntryAppointment, type QueueEntry } from './queue.ts';
import type { QueueStore } from './store.ts';

/** Queue entries one person may have open at a time, in all offices. */
const maxOpen = 3;
const hourMs = 60 * 60_000;
/** Walk-ins of one person in an hour: whoever leaves and joins again takes places from nobody, but makes the line jump. */
const maxJoinsPerHour = 5;

/** Somebody who wants to wait. */
export interface Arrival {
  readonly entryId: QueueEntryId;
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  /** First character of the ticket number. */
  readonly letter: string;
  readonly conversationId: ConversationId;
  readonly citizenId: AccountId;
  readonly language: Locale;
  readonly needs: readonly Need[];
}

export interface ArrivalsDependencies {
  readonly database: Database;
  readonly store: QueueStore;
  readonly lineStore: LineStore;
  readonly line: Line;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  /** The local date, "2026-11-22". */
  readonly dayOf: (at: number) => string;
  readonly now: () => number;
}

/** How tickets come into a line: taken by somebody who walks in, or by checking in for an appointment. */
export class Arrivals {
  readonly #dependencies: ArrivalsDependencies;

  constructor(dependencies: ArrivalsDependencies) {
    this.#dependencies = dependencies;
  }

  /** What a repeated or second join is answered with: the entry that is there; null when there is none yet. Throws `conflict` for another's id. */
  async findJoined(arrival: Pick<Arrival, 'entryId' | 'citizenId' | 'serviceId' | 'officeId'>): Promise<QueueEntry | null> {
    const { citizenId, officeId } = arrival;
    const open = await this.#dependencies.store.listOpenOf(citizenId);
    return (await this.#findSame(arrival)) ?? open.find((entry) => entry.officeId === officeId) ?? null;
  }

  /** One open entry a person and office: its line is one, whatever somebody comes for. Throws `slow_down`, `bad_state`, `conflict`. */
  async join(arrival: Arrival): Promise<QueueEntry> {
    const { database, store, now } = this.#dependencies;
    const { entry, announce } = await transaction(database, async (within) => {
      const { open, joinedSince } = await store.lockEntriesOf(within, arrival.citizenId, now() - hourMs);
      const first = (await this.#findSame(arrival, within)) ?? open.find((other) => other.officeId === arrival.officeId);
      if (first) return { entry: first, announce: () => undefined };
      if (open.length >= maxOpen) throw new AppError('bad_state', 'too many open queue entries');
      if (joinedSince.length >= maxJoinsPerHour) {
        throw new AppError('slow_down', 'joined too often', { retryAfterMs: Math.max(1, (joinedSince[0] ?? 0) + hourMs - now()) });
      }
      return await this.#add(within, arrival, null);
    });
    announce();
    return entry;
  }

  /** Joins for an appointment, as a part of checking in. Whoever waits already keeps his ticket; a parked one comes back first. */
  async checkIn(
    within: Transaction,
    arrival: Omit<Arrival, 'entryId'>,
    appointment: EntryAppointment,
  ): Promise<{ entry: QueueEntry; announce: Announcement }> {
    const { store, lineStore, now, line } = this.#dependencies;
    const at = now();
    const { open } = await store.lockEntriesOf(within, arrival.citizenId, at);
    const own = open.find((entry) => entry.serviceId === arrival.serviceId);
    if (own) {
      const { waiting } = await lineStore.listOpen(arrival.officeId, within);
      const { after } = await store.change(within, own.entryId, (entry, arrived) =>
        attachAppointment(
          entry.state === 'parked' ? comeBack(entry, behindFirst({ ...entry, arrival: arrived }, waiting, at)) : entry,
          appointment,
          arrival.needs,
        ),
      );
      return { entry: after, announce: () => line.refreshSoon(arrival.officeId) };
    }
    const { entry, announce } = await this.#add(within, { ...arrival, entryId: newId<'queue entry'>() }, appointment);
    const announceAll = (): void => {
      announce();
      line.refreshSoon(arrival.officeId);
    };
    return { entry, announce: announceAll };
  }

  async #findSame(
    { entryId, citizenId, serviceId }: Pick<Arrival, 'entryId' | 'citizenId' | 'serviceId'>,
    within?: Transaction,
  ): Promise<QueueEntry | null> {
    const same = await this.#dependencies.store.find(entryId, within);
    // Since it was joined, it may have been redirected to another service.
    if (same && (same.citizenId !== citizenId || (same.redirects === 0 && same.serviceId !== serviceId)))
      throw new AppError('conflict', 'the id is taken');
    return same;
  }

  async #add(
    within: Transaction,
    arrival: Arrival,
    appointment: EntryAppointment | null,
  ): Promise<{ entry: QueueEntry; announce: Announcement }> {
    const { store, recordEvent, dayOf, now } = this.#dependencies;
    const { letter, ...rest } = arrival;
    const number = await store.takeNumber(within, arrival.serviceId, dayOf(now()));
    // The counter is locked from here on: whoever has a later number has also joined later.
    const entry = join({ ...rest, ticketNumber: `${letter}${number}`, joinedAt: now() }, appointment);
    await store.add(within, entry);
    return {
      entry,
      announce: await recordEvent(within, entry.conversationId, {
        type: 'ticket-joined',
        entryId: entry.entryId,
        ticketNumber: entry.ticketNumber,
      }),
    };
  }
}
