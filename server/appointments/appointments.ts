import type { AppointmentView, SlotView } from '../protocol/appointments.ts';
import type { ConversationEvent } from '../protocol/conversations.ts';
import type { AccountId, AppointmentId, ConversationId, OfficeId, ServiceId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Locale } from '../protocol/locale.ts';
import type { Need } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';
import { found, transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { book, cancel, checkIn, checkInWindow, complete, hold, miss, reopen, type Appointment } from './appointment.ts';
import { bookableMs, freeDesks, slotsOf, type OpenInterval } from './availability.ts';
import type { AppointmentStore } from './store.ts';

/** What a service says about its appointments. */
export interface BookableService {
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  readonly letter: string;
  readonly appointmentMinutes: number;
  readonly desks: number;
}

/** Somebody who has come for his appointment. */
export interface CheckIn {
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  readonly letter: string;
  readonly conversationId: ConversationId;
  readonly citizenId: AccountId;
  readonly language: Locale;
  readonly needs: readonly Need[];
}

export interface AppointmentsDependencies {
  readonly database: Database;
  readonly store: AppointmentStore;
  readonly findService: (serviceId: ServiceId) => Promise<BookableService | null>;
  /** Whole openings that touch the time between two moments, in order. */
  readonly hoursBetween: (serviceId: ServiceId, from: number, to: number) => Promise<readonly OpenInterval[]>;
  readonly findConversation: (
    conversationId: ConversationId,
  ) => Promise<{ readonly officeId: OfficeId; readonly citizenId: AccountId } | null>;
  readonly recordEvent: (transaction: Transaction, conversationId: ConversationId, event: ConversationEvent) => Promise<Announcement>;
  /** Puts him into the waiting line. */
  readonly joinLine: (
    transaction: Transaction,
    checkIn: CheckIn,
    appointment: { appointmentId: AppointmentId; startsAt: number },
  ) => Promise<Announcement>;
  readonly notify: Notify;
  readonly now: () => number;
}

/** Everything that happens to appointments, each in one commit with what it entails elsewhere. */
export class Appointments {
  readonly #dependencies: AppointmentsDependencies;

  constructor(dependencies: AppointmentsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Slots at which at least one desk is free, in order. */
  async listSlots(serviceId: ServiceId): Promise<readonly SlotView[]> {
    const { store, now } = this.#dependencies;
    const at = now();
    const service = await this.#requireService(serviceId);
    const slots = await this.#slotsOf(service, at);
    const taken = await store.listTaken(serviceId, { from: at, to: at + 2 * bookableMs, now: at });
    return slots.filter((slot) => freeDesks(slot, taken, service.desks).length > 0);
  }

  /** Throws `invalid_slot`, `slot_taken`, `conflict` when the id stands for something else, `bad_state` with too many bookings. */
  async hold(
    request: { appointmentId: AppointmentId; serviceId: ServiceId; startsAt: number },
    citizenId: AccountId,
  ): Promise<Appointment> {
    const { database, store, now } = this.#dependencies;
    const { appointmentId, serviceId, startsAt } = request;
    const at = now();
    const service = await this.#requireService(serviceId);
    const slot = (await this.#slotsOf(service, at)).find((candidate) => candidate.startsAt === startsAt);
    return await transaction(database, async (within) => {
      await store.lockCitizen(within, citizenId);
      const same = await store.find(appointmentId, within);
      if (same) {
        if (same.citizenId !== citizenId || same.serviceId !== serviceId || same.startsAt !== startsAt)
          throw new AppError('conflict', 'the id is taken');
        return same;
      }
      if (!slot) throw new AppError('invalid_slot', 'not a slot of the service');
      await this.#requireFewBookings(within, citizenId);
      await store.releaseExpired(within, at, serviceId);
      await store.releaseOwn(within, citizenId);
      const taken = await store.listTaken(serviceId, { from: slot.startsAt, to: slot.endsAt, now: at }, within);
      for (const desk of freeDesks(slot, taken, service.desks)) {
        const held = hold({ appointmentId, serviceId, officeId: service.officeId, citizenId, desk, ...slot }, at);
        if (await store.add(within, held, at)) return held;
      }
      throw new AppError('slot_taken', 'no desk is free at that time');
    });
  }

  /** Throws `not_found`, `invalid_slot` when the hold is over, `bad_state` with too many bookings. */
  async book(
    { appointmentId, conversationId, needs }: { appointmentId: AppointmentId; conversationId: ConversationId; needs: readonly Need[] },
    citizenId: AccountId,
  ): Promise<Appointment> {
    const { database, store, findConversation, recordEvent, now } = this.#dependencies;
    const conversation = await findConversation(conversationId);
    if (conversation?.citizenId !== citizenId) throw new AppError('not_found', 'no such conversation');
    return await this.#commit(database, async (within) => {
      await store.lockCitizen(within, citizenId);
      const { before, after } = await store.change(within, appointmentId, (appointment) => {
        requireOwn(appointment, citizenId);
        if (appointment.officeId !== conversation.officeId) throw new AppError('bad_request', 'the conversation is with another office');
        return book(appointment, { conversationId, needs, at: now() });
      });
      if (before === after) return { appointment: after, announce: null };
      await this.#requireFewBookings(within, citizenId, 1);
      return {
        appointment: after,
        announce: await recordEvent(within, conversationId, { type: 'appointment-booked', appointmentId, startsAt: after.startsAt }),
      };
    });
  }

  /** Throws `not_found`, `bad_state`. */
  async cancel(appointmentId: AppointmentId, citizenId: AccountId): Promise<Appointment> {
    const { database, store, recordEvent } = this.#dependencies;
    return await this.#commit(database, async (within) => {
      const { before, after } = await store.change(within, appointmentId, (appointment) => cancel(requireOwn(appointment, citizenId)));
      if (before === after) return { appointment: after, announce: null };
      const announce =
        after.state === 'cancelled'
          ? await recordEvent(within, after.conversationId, { type: 'appointment-cancelled', appointmentId, startsAt: after.startsAt })
          : () => undefined;
      return { appointment: after, announce };
    });
  }

  /** booked → checked-in, and into the line, in one commit. Throws `not_found`, `closed`, `bad_state`. */
  async checkIn(appointmentId: AppointmentId, citizenId: AccountId, language: Locale): Promise<Appointment> {
    const { database, store, joinLine, now } = this.#dependencies;
    const known = requireOwn(found((await store.find(appointmentId)) ?? undefined, 'appointment'), citizenId);
    const { serviceId, officeId, letter } = await this.#requireService(known.serviceId);
    return await this.#commit(database, async (within) => {
      const { before, after } = await store.change(within, appointmentId, (appointment) => checkIn(appointment, now()));
      if (before === after) return { appointment: after, announce: null };
      const { conversationId, startsAt, needs } = after;
      const arrival = { serviceId, officeId, letter, conversationId, citizenId, language, needs };
      return { appointment: after, announce: await joinLine(within, arrival, { appointmentId, startsAt }) };
    });
  }

  /** The queue entry of a checked-in appointment was served, or left the line. */
  async close(within: Transaction, appointmentId: AppointmentId, outcome: 'served' | 'left'): Promise<Announcement> {
    const { after } = await this.#dependencies.store.change<Appointment>(within, appointmentId, outcome === 'served' ? complete : reopen);
    return () => this.#tell(after);
  }

  /** To be called every half minute: gives back holds that are over, marks what nobody came for. */
  async sweep(): Promise<void> {
    const { database, store, now } = this.#dependencies;
    await store.releaseExpired(database, now());
    for (const appointmentId of await store.listDue(now() - limits.checkInLateMs)) {
      await this.#commit(database, async (within) => {
        const { before, after } = await store.change(within, appointmentId, (appointment) => miss(appointment, now()));
        return { appointment: after, announce: before === after ? null : () => undefined };
      });
    }
  }

  /** Commits, then tells; `announce` null says that nothing changed. */
  async #commit(
    database: Database,
    work: (within: Transaction) => Promise<{ appointment: Appointment; announce: Announcement | null }>,
  ): Promise<Appointment> {
    const { appointment, announce } = await transaction(database, work);
    if (announce) {
      announce();
      this.#tell(appointment);
    }
    return appointment;
  }

  #tell(appointment: Appointment): void {
    const { notify } = this.#dependencies;
    const fact = { appointment: viewOf(appointment) };
    notify({ account: appointment.citizenId }, 'appointment:changed', fact);
    // Holds are nobody's business until they are booked.
    if (appointment.state !== 'held' && appointment.state !== 'released')
      notify({ officials: appointment.officeId }, 'appointment:changed', fact);
  }

  async #slotsOf({ serviceId, appointmentMinutes }: BookableService, at: number): Promise<readonly SlotView[]> {
    return slotsOf(await this.#dependencies.hoursBetween(serviceId, at, at + bookableMs), appointmentMinutes, at);
  }

  async #requireService(serviceId: ServiceId): Promise<BookableService> {
    return found((await this.#dependencies.findService(serviceId)) ?? undefined, 'service');
  }

  /** `counted`: how many of them are the one that is being booked. */
  async #requireFewBookings(within: Transaction, citizenId: AccountId, counted = 0): Promise<void> {
    const open = await this.#dependencies.store.countOpen(within, citizenId);
    if (open - counted >= limits.openBookingsPerAccount) throw new AppError('bad_state', 'too many open bookings');
  }
}

function requireOwn(appointment: Appointment, citizenId: AccountId): Appointment {
  if (appointment.citizenId !== citizenId) throw new AppError('not_found', 'the appointment of another person');
  return appointment;
}

/** An appointment as its citizen and the office see it. */
export function viewOf(appointment: Appointment): AppointmentView {
  const { appointmentId, serviceId, officeId, conversationId, startsAt, endsAt, state, needs } = appointment;
  const { from, until } = checkInWindow(appointment);
  const holdExpiresAt = appointment.state === 'held' ? appointment.holdExpiresAt : null;
  return {
    appointmentId,
    serviceId,
    officeId,
    conversationId,
    startsAt,
    endsAt,
    state,
    needs,
    holdExpiresAt,
    checkInFrom: from,
    checkInUntil: until,
  };
}
