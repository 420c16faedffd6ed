import { sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { InboxId, OfficeId, ServiceId } from '../protocol/ids.ts';
import type { LocalisedText } from '../protocol/locale.ts';
import type { Calendar, HoursRule } from './calendar.ts';

export interface OfficeRow {
  readonly officeId: OfficeId;
  readonly name: LocalisedText;
  readonly phone: string;
  readonly address: string;
  readonly inboxId: InboxId;
}

export interface ServiceRow {
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  readonly name: LocalisedText;
  readonly summary: LocalisedText;
  readonly keywords: readonly string[];
  /** First character of its ticket numbers. */
  readonly letter: string;
  readonly appointmentMinutes: number;
  /** How many appointments may run at the same time. */
  readonly desks: number;
  /** So long before closing the last number is given. */
  readonly lastAdmissionMinutes: number;
  /** Place in the list. */
  readonly position: number;
}

export type OpeningRow = HoursRule & { readonly serviceId: ServiceId };

type Tables = {
  offices: OfficeRow;
  services: ServiceRow;
  openingHours: OpeningRow;
  closedDays: { officeId: OfficeId; day: string };
};

const officeColumns = ['officeId', 'name', 'phone', 'address', 'inboxId'] as const;
const serviceColumns = [
  'serviceId',
  'officeId',
  'name',
  'summary',
  'keywords',
  'letter',
  'appointmentMinutes',
  'desks',
  'lastAdmissionMinutes',
  'position',
] as const;

/** Offices, what they offer, and when. */
export class OfficeStore {
  readonly #database;

  constructor(database: Database) {
    this.#database = database.withTables<Tables>();
  }

  async add(
    office: OfficeRow,
    services: readonly ServiceRow[],
    hours: readonly OpeningRow[],
    closedDays: readonly string[],
  ): Promise<void> {
    await this.#database
      .insertInto('offices')
      .values({ ...office, name: json(office.name) })
      .execute();
    for (const { name, summary, ...service } of services) {
      const { serviceId, officeId, keywords, letter, appointmentMinutes, desks, lastAdmissionMinutes, position } = service;
      const row = { serviceId, officeId, keywords, letter, appointmentMinutes, desks, lastAdmissionMinutes, position };
      await this.#database
        .insertInto('services')
        .values({ ...row, name: json(name), summary: json(summary) })
        .execute();
    }
    if (hours.length > 0)
      await this.#database
        .insertInto('openingHours')
        .values(hours.map((rule) => ({ ...rule })))
        .execute();
    if (closedDays.length > 0)
      await this.#database
        .insertInto('closedDays')
        .values(closedDays.map((day) => ({ officeId: office.officeId, day })))
        .execute();
  }

  async findOffices(): Promise<OfficeRow[]> {
    return await this.#database.selectFrom('offices').select(officeColumns).orderBy('officeId').execute();
  }

  async findOffice(officeId: OfficeId): Promise<OfficeRow | null> {
    return (await this.#database.selectFrom('offices').select(officeColumns).where('officeId', '=', officeId).executeTakeFirst()) ?? null;
  }

  async findOfficeOf(inboxId: InboxId): Promise<OfficeRow | null> {
    return (await this.#database.selectFrom('offices').select(officeColumns).where('inboxId', '=', inboxId).executeTakeFirst()) ?? null;
  }

  /** In the order in which they are shown. */
  async findServices(): Promise<ServiceRow[]> {
    return await this.#database.selectFrom('services').select(serviceColumns).orderBy('position').orderBy('serviceId').execute();
  }

  async findService(serviceId: ServiceId): Promise<(ServiceRow & { readonly inboxId: InboxId }) | null> {
    const row = await this.#database
      .selectFrom('services')
      .innerJoin('offices', 'offices.officeId', 'services.officeId')
      .select([
        'serviceId',
        'services.officeId',
        'services.name',
        'summary',
        'keywords',
        'letter',
        'appointmentMinutes',
        'desks',
        'lastAdmissionMinutes',
        'position',
        'inboxId',
      ])
      .where('serviceId', '=', serviceId)
      .executeTakeFirst();
    return row ?? null;
  }

  /** When these services are open, by service. */
  async findHours(serviceIds: readonly ServiceId[]): Promise<ReadonlyMap<ServiceId, Omit<Calendar, 'timeZone'>>> {
    const [services, hours, closedDays] = await Promise.all([
      this.#database
        .selectFrom('services')
        .select(['serviceId', 'lastAdmissionMinutes'])
        .where('serviceId', '=', sql<ServiceId>`any(${serviceIds}::text[])`)
        .execute(),
      this.#database
        .selectFrom('openingHours')
        .select(['serviceId', 'weekday', 'opens', 'closes'])
        .where('serviceId', '=', sql<ServiceId>`any(${serviceIds}::text[])`)
        .execute(),
      this.#database
        .selectFrom('closedDays')
        .innerJoin('services', 'services.officeId', 'closedDays.officeId')
        .select('serviceId')
        // As text: a date has no moment, and the driver would give it one.
        .select(sql<string>`day::text`.as('day'))
        .where('serviceId', '=', sql<ServiceId>`any(${serviceIds}::text[])`)
        .execute(),
    ]);
    return new Map(
      services.map(({ serviceId, lastAdmissionMinutes }) => [
        serviceId,
        {
          lastAdmissionMinutes,
          hours: hours.filter((rule) => rule.serviceId === serviceId),
          closedDays: new Set(closedDays.filter((row) => row.serviceId === serviceId).map(({ day }) => day)),
        },
      ]),
    );
  }
}

function json(text: LocalisedText) {
  return sql<LocalisedText>`${JSON.stringify(text)}::jsonb`;
}
