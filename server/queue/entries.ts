import type { ConversationEvent } from '../protocol/conversations.ts';
import {
  newId,
  type AccountId,
  type AppointmentId,
  type CallId,
  type ConversationId,
  type OfficeId,
  type QueueEntryId,
  type ServiceId,
} from '../protocol/ids.ts';
import type { Locale } from '../protocol/locale.ts';
import { AppError } from '../platform/app-error.ts';
import { transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { viewOf, type Line } from './line.ts';
import type { PresenceStore } from './presence-store.ts';
import {
  accept,
  attachAppointment,
  end,
  join,
  leave,
  type AcceptedState,
  type EndedState,
  type EntryAppointment,
  type LeftState,
  type QueueEntry,
} from './queue.ts';
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
}

export interface Official {
  readonly accountId: AccountId;
  readonly displayName: string;
  readonly officeId: OfficeId;
}

/** A call that begins with the acceptance of an entry. */
export interface CallStart {
  readonly callId: CallId;
  readonly entryId: QueueEntryId;
  readonly conversationId: ConversationId;
  readonly citizenId: AccountId;
  readonly official: Official;
  readonly at: number;
}

export interface EntriesDependencies {
  readonly database: Database;
  readonly store: QueueStore;
  readonly presence: PresenceStore;
  readonly line: Line;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  /** Throws `bad_state` when one of the two is in another call. */
  readonly startCall: (transaction: Transaction, start: CallStart) => Promise<Announcement>;
  /** The entry of a checked-in appointment was served, or left the line. */
  readonly closeAppointment: (transaction: Transaction, appointmentId: AppointmentId, outcome: 'served' | 'left') => Promise<Announcement>;
  /** The local date, "2026-11-22". */
  readonly dayOf: (at: number) => string;
  readonly notify: Notify;
  readonly now: () => number;
}

/** Everything that happens to queue entries, each in one commit with what it entails elsewhere. */
export class Entries {
  readonly #dependencies: EntriesDependencies;

  constructor(dependencies: EntriesDependencies) {
    this.#dependencies = dependencies;
  }

  /** What a repeated or second join is answered with: the entry that is there; null when there is none yet. Throws `conflict` for another's id. */
  async findJoined({ entryId, citizenId, serviceId }: Pick<Arrival, 'entryId' | 'citizenId' | 'serviceId'>): Promise<QueueEntry | null> {
    const { store } = this.#dependencies;
    return (
      (await this.#findSame({ entryId, citizenId, serviceId })) ??
      (await store.listOpenOf(citizenId)).find((entry) => entry.serviceId === serviceId) ??
      null
    );
  }

  /** One open entry a person and service. Throws `slow_down`, `bad_state`, `conflict`. */
  async join(arrival: Arrival): Promise<QueueEntry> {
    const { database, store, now } = this.#dependencies;
    const { entry, announce } = await transaction(database, async (within) => {
      const { open, joinedSince } = await store.lockEntriesOf(within, arrival.citizenId, now() - hourMs);
      const first = (await this.#findSame(arrival, within)) ?? open.find((other) => other.serviceId === arrival.serviceId);
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

  /** Joins for an appointment, as a part of checking in. Whoever waits already keeps his ticket. */
  async checkIn(
    within: Transaction,
    arrival: Omit<Arrival, 'entryId'>,
    appointment: EntryAppointment,
  ): Promise<{ entry: QueueEntry; announce: Announcement }> {
    const { store, now, line } = this.#dependencies;
    const { open } = await store.lockEntriesOf(within, arrival.citizenId, now());
    const waiting = open.find((entry) => entry.serviceId === arrival.serviceId);
    if (waiting) {
      const { after } = await store.change(within, waiting.entryId, (entry) => attachAppointment(entry, appointment));
      return { entry: after, announce: () => line.refreshSoon(arrival.officeId) };
    }
    const { entry, announce } = await this.#add(within, { ...arrival, entryId: newId<'queue entry'>() }, appointment);
    const announceAll = (): void => {
      announce();
      line.refreshSoon(arrival.officeId);
    };
    return { entry, announce: announceAll };
  }

  /** Throws `not_found` for another's entry, `bad_state` once it was accepted. */
  async leave(entryId: QueueEntryId, citizenId: AccountId): Promise<LeftState> {
    const { database } = this.#dependencies;
    const { entry, announce } = await transaction(database, async (within) => await this.#leave(within, entryId, citizenId));
    announce();
    return entry;
  }

  /** Marks the entry left if no device of its citizen was connected since `before`. */
  async dropAbsent(entryId: QueueEntryId, before: number): Promise<void> {
    const { database, presence } = this.#dependencies;
    const dropped = await transaction(database, async (within) =>
      (await presence.lockAbsent(within, entryId, before)) ? await this.#leave(within, entryId, null) : null,
    );
    dropped?.announce();
  }

  /** Of all officials who accept an entry, one wins. Throws `conflict`, `bad_state`, `forbidden`. */
  async accept(entryId: QueueEntryId, official: Official): Promise<AcceptedState | EndedState> {
    const { database, store, presence, startCall, now, line } = this.#dependencies;
    const { entry, announce } = await transaction(database, async (within) => {
      const isAvailable = await presence.isAvailable(official.accountId, within);
      const acceptance = { officialId: official.accountId, callId: newId<'call'>(), at: now() };
      const { before, after } = await store.change(within, entryId, (current) => {
        if (current.officeId !== official.officeId) throw new AppError('forbidden', 'the line of another office');
        if (current.state === 'waiting' && !isAvailable) throw new AppError('forbidden', 'the official is not available');
        return accept(current, acceptance);
      });
      if (before.state !== 'waiting') return { entry: after, announce: () => undefined };
      const { conversationId, citizenId } = after;
      return {
        entry: after,
        announce: await startCall(within, { callId: after.callId, entryId, conversationId, citizenId, official, at: acceptance.at }),
      };
    });
    announce();
    this.#tellCitizen(entry);
    line.refreshSoon(entry.officeId);
    return entry;
  }

  /** As a part of ending its call. */
  async end(within: Transaction, entryId: QueueEntryId, at: number): Promise<Announcement> {
    const { store, closeAppointment, line } = this.#dependencies;
    const { before, after } = await store.change(within, entryId, (entry) => end(entry, at));
    if (before.state === 'ended') return () => undefined;
    const announceAppointment = after.appointment
      ? await closeAppointment(within, after.appointment.appointmentId, 'served')
      : () => undefined;
    return () => {
      announceAppointment();
      this.#tellCitizen(after);
      line.refreshSoon(after.officeId);
    };
  }

  async #findSame(
    { entryId, citizenId, serviceId }: Pick<Arrival, 'entryId' | 'citizenId' | 'serviceId'>,
    within?: Transaction,
  ): Promise<QueueEntry | null> {
    const same = await this.#dependencies.store.find(entryId, within);
    if (same && (same.citizenId !== citizenId || same.serviceId !== serviceId)) throw new AppError('conflict', 'the id is taken');
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

  async #leave(
    within: Transaction,
    entryId: QueueEntryId,
    citizenId: AccountId | null,
  ): Promise<{ entry: LeftState; announce: Announcement }> {
    const { store, recordEvent, closeAppointment, now, line } = this.#dependencies;
    const { before, after } = await store.change(within, entryId, (entry) => {
      if (citizenId !== null && entry.citizenId !== citizenId) throw new AppError('not_found', 'the queue entry of another person');
      return leave(entry, now());
    });
    if (before.state === 'left') return { entry: after, announce: () => undefined };
    const announceAppointment = after.appointment
      ? await closeAppointment(within, after.appointment.appointmentId, 'left')
      : () => undefined;
    const announceEvent = await recordEvent(within, after.conversationId, {
      type: 'ticket-left',
      entryId,
      ticketNumber: after.ticketNumber,
    });
    const announce = (): void => {
      announceAppointment();
      announceEvent();
      this.#tellCitizen(after);
      line.refreshSoon(after.officeId);
    };
    return { entry: after, announce };
  }

  #tellCitizen(entry: QueueEntry): void {
    const { notify, now } = this.#dependencies;
    notify({ account: entry.citizenId }, 'queue:moved', { entry: viewOf(entry, { at: now(), waits: new Map() }) });
  }
}
