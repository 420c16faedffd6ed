import { sql, type Selectable, type Updateable } from 'kysely';
import type { AppointmentState } from '../protocol/appointments.ts';
import type { AccountId, AppointmentId, ConversationId, OfficeId, ServiceId } from '../protocol/ids.ts';
import type { Need } from '../protocol/queue.ts';
import { AppError } from '../platform/app-error.ts';
import { found, violatedConstraint, type Database, type Transaction } from '../platform/database.ts';
import type { Appointment, HeldState } from './appointment.ts';
import type { Taken } from './availability.ts';

type AppointmentsTable = {
  appointmentId: AppointmentId;
  serviceId: ServiceId;
  officeId: OfficeId;
  citizenId: AccountId;
  conversationId: ConversationId | null;
  desk: number;
  startsAt: Date;
  endsAt: Date;
  needs: Need[];
  state: AppointmentState;
  holdExpiresAt: Date | null;
  createdAt: Date;
};
type Tables = { appointments: AppointmentsTable };

/** States in which a desk is taken. */
const occupying = ['held', 'booked', 'checked-in', 'completed'] as const;
const released = { state: 'released', holdExpiresAt: null } as const;
const maxListed = 500;
/** Appointments by which it is judged how many come. */
const mostShown = 200;

export type AppointmentStore = ReturnType<typeof createAppointmentStore>;

export function createAppointmentStore(database: Database) {
  const appointments = (within: Database = database) => within.withTables<Tables>().selectFrom('appointments');
  const update = (within: Database = database) => within.withTables<Tables>().updateTable('appointments');

  return {
    async find(appointmentId: AppointmentId, within?: Transaction): Promise<Appointment | null> {
      const row = await appointments(within).selectAll().where('appointmentId', '=', appointmentId).executeTakeFirst();
      return row ? toAppointment(row) : null;
    },

    /** Until the commit, nobody else holds or books for this citizen. */
    async lockCitizen(transaction: Transaction, citizenId: AccountId): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`appointments:${citizenId}`}, 0))`.execute(transaction);
    },

    async countOpen(transaction: Transaction, citizenId: AccountId): Promise<number> {
      const { count } = await appointments(transaction)
        .select(({ fn }) => fn.countAll<string>().as('count'))
        .where('citizenId', '=', citizenId)
        .where('state', 'in', ['booked', 'checked-in'])
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    async releaseOwn(transaction: Transaction, citizenId: AccountId): Promise<void> {
      await update(transaction).set(released).where('state', '=', 'held').where('citizenId', '=', citizenId).execute();
    },

    /** Holds that are over, of one service or of all. */
    async releaseExpired(within: Database, now: number, serviceId: ServiceId | null = null): Promise<void> {
      const expired = update(within).set(released).where('state', '=', 'held').where('holdExpiresAt', '<=', new Date(now));
      await (serviceId === null ? expired : expired.where('serviceId', '=', serviceId)).execute();
    },

    /** When desks of the service are taken, between `from` and `to`. Holds that are over take nothing. */
    async listTaken(
      serviceId: ServiceId,
      { from, to, now }: { from: number; to: number; now: number },
      within?: Transaction,
    ): Promise<readonly Taken[]> {
      const rows = await appointments(within)
        .select(['desk', 'startsAt', 'endsAt'])
        .where('serviceId', '=', serviceId)
        .where('state', 'in', occupying)
        .where('startsAt', '<', new Date(to))
        .where('endsAt', '>', new Date(from))
        .where((where) => where.or([where('holdExpiresAt', 'is', null), where('holdExpiresAt', '>', new Date(now))]))
        .execute();
      return rows.map(({ desk, startsAt, endsAt }) => ({ desk, startsAt: startsAt.getTime(), endsAt: endsAt.getTime() }));
    },

    /** False when the desk is taken at that time: so says the constraint, which waits for whoever is about to take it. Throws `conflict` for a taken id. */
    async add(transaction: Transaction, appointment: HeldState, createdAt: number): Promise<boolean> {
      try {
        const row = await transaction
          .withTables<Tables>()
          .insertInto('appointments')
          .values({
            ...appointment,
            startsAt: new Date(appointment.startsAt),
            endsAt: new Date(appointment.endsAt),
            needs: [...appointment.needs],
            createdAt: new Date(createdAt),
            holdExpiresAt: new Date(appointment.holdExpiresAt),
          })
          .onConflict((conflict) => conflict.constraint('one_appointment_a_desk').doNothing())
          .returning('desk')
          .executeTakeFirst();
        return row !== undefined;
      } catch (error) {
        if (violatedConstraint(error) === 'appointments_pkey') throw new AppError('conflict', 'the id is taken', { cause: error });
        throw error;
      }
    },

    /** Reads the appointment under a lock, applies the transition, writes it. Throws `not_found`, and whatever the transition throws. */
    async change<Next extends Appointment>(
      transaction: Transaction,
      appointmentId: AppointmentId,
      transition: (appointment: Appointment) => Next,
    ): Promise<{ before: Appointment; after: Next }> {
      const row = await appointments(transaction).selectAll().where('appointmentId', '=', appointmentId).forUpdate().executeTakeFirst();
      const before = toAppointment(found(row, 'appointment'));
      const after = transition(before);
      if (after !== before) await update(transaction).set(stateColumns(after)).where('appointmentId', '=', appointmentId).execute();
      return { before, after };
    },

    /** By start. */
    async listOf(citizenId: AccountId, since: number): Promise<readonly Appointment[]> {
      const rows = await appointments()
        .selectAll()
        .where('citizenId', '=', citizenId)
        .where('startsAt', '>', new Date(since))
        .where('state', '<>', 'released')
        .orderBy('startsAt')
        .limit(maxListed)
        .execute();
      return rows.map(toAppointment);
    },

    /** What the office has booked, by start. */
    async listOfOffice(officeId: OfficeId, since: number): Promise<readonly Appointment[]> {
      const rows = await appointments()
        .selectAll()
        .where('officeId', '=', officeId)
        .where('startsAt', '>', new Date(since))
        .where('state', 'not in', ['held', 'released'])
        .orderBy('startsAt')
        .limit(maxListed)
        .execute();
      return rows.map(toAppointment);
    },

    /** Of the office: booked for between two moments and not checked in, and how many of those booked lately came. */
    async readExpected(
      officeId: OfficeId,
      { from, to }: { readonly from: number; readonly to: number },
      within?: Transaction,
    ): Promise<{ expected: readonly { serviceId: ServiceId; startsAt: number }[]; showRate: number }> {
      const rows = await appointments(within)
        .select(['serviceId', 'startsAt'])
        .where('officeId', '=', officeId)
        .where('state', '=', 'booked')
        .where('startsAt', '>', new Date(from))
        .where('startsAt', '<', new Date(to))
        .execute();
      const past = appointments(within)
        .select('state')
        .where('officeId', '=', officeId)
        .where('state', 'in', ['completed', 'missed'])
        .where('startsAt', '<', new Date(from))
        .orderBy('startsAt', 'desc')
        .limit(mostShown);
      const { came, all } = await (within ?? database)
        .withTables<Tables>()
        .selectFrom(past.as('past'))
        .select(({ fn }) => [fn.countAll<string>().filterWhere('state', '=', 'completed').as('came'), fn.countAll<string>().as('all')])
        .executeTakeFirstOrThrow();
      // Nine of ten come, until more than that is known.
      return {
        expected: rows.map(({ serviceId, startsAt }) => ({ serviceId, startsAt: startsAt.getTime() })),
        showRate: (Number(came) + 9) / (Number(all) + 10),
      };
    },

    /** Booked, and due before then. */
    async listDue(before: number): Promise<readonly AppointmentId[]> {
      const rows = await appointments()
        .select('appointmentId')
        .where('state', '=', 'booked')
        .where('startsAt', '<', new Date(before))
        .execute();
      return rows.map(({ appointmentId }) => appointmentId);
    },
  };
}

function stateColumns(appointment: Appointment) {
  return {
    state: appointment.state,
    needs: [...appointment.needs],
    conversationId: appointment.conversationId,
    holdExpiresAt: appointment.state === 'held' ? new Date(appointment.holdExpiresAt) : null,
  } satisfies Updateable<AppointmentsTable>;
}

function toAppointment(row: Selectable<AppointmentsTable>): Appointment {
  const { appointmentId, serviceId, officeId, citizenId, desk, needs, state, conversationId } = row;
  const reservation = {
    appointmentId,
    serviceId,
    officeId,
    citizenId,
    desk,
    needs,
    startsAt: row.startsAt.getTime(),
    endsAt: row.endsAt.getTime(),
  };
  if (state === 'held') return { ...reservation, state, conversationId: null, holdExpiresAt: row.holdExpiresAt?.getTime() ?? 0 };
  if (state === 'released') return { ...reservation, state, conversationId: null };
  // The table's checks say that every other state has its conversation.
  if (!conversationId) throw new TypeError(`appointment ${appointmentId} is ${state} without a conversation`);
  return { ...reservation, state, conversationId };
}
