import { sql } from 'kysely';
import type { AccountId, OfficeId, ServiceId } from '../protocol/ids.ts';
import type { Locale } from '../protocol/locale.ts';
import type { Availability } from '../protocol/queue.ts';
import type { Database, Transaction } from '../platform/database.ts';

type AvailabilityTable = {
  accountId: AccountId;
  officeId: OfficeId;
  state: Availability['state'];
  services: ServiceId[];
  languages: Locale[];
  changedAt: Date;
  present: boolean;
  lastPresentAt: Date;
};

/** What an official has said of whom he takes, and whether he is there. */
export interface OfficialState extends Availability {
  readonly accountId: AccountId;
  /** When he last said something else. */
  readonly changedAt: number;
  readonly present: boolean;
  readonly lastPresentAt: number;
}

const off: Availability = { state: 'off', services: [], languages: [] };

export type AvailabilityStore = ReturnType<typeof createAvailabilityStore>;

/** Officials who take people from the line, as long as one of their devices is connected. */
export function createAvailabilityStore(database: Database) {
  const tables = (within: Database = database) => within.withTables<{ availability: AvailabilityTable }>();

  return {
    /** Whoever says so is connected. */
    async set({ accountId, officeId }: { accountId: AccountId; officeId: OfficeId }, said: Availability, at: number): Promise<void> {
      const { state } = said;
      const [services, languages] = [[...said.services], [...said.languages]];
      await sql`
        insert into availability (account_id, office_id, state, services, languages, changed_at, present, last_present_at)
        values (${accountId}, ${officeId}, ${state}, ${services}, ${languages}, ${new Date(at)}, true, ${new Date(at)})
        on conflict (account_id) do update set
          office_id = excluded.office_id, state = excluded.state, services = excluded.services, languages = excluded.languages,
          present = true, last_present_at = excluded.last_present_at,
          changed_at = case
            when (availability.office_id, availability.state, availability.services, availability.languages)
              = (excluded.office_id, excluded.state, excluded.services, excluded.languages) then availability.changed_at
            else excluded.changed_at
          end`.execute(database);
    },

    /** Somebody who serves, though he has never said whom he takes. */
    async addIfNew({ accountId, officeId }: { accountId: AccountId; officeId: OfficeId }, at: number, within: Transaction): Promise<void> {
      const row = { accountId, officeId, state: off.state, services: [], languages: [], changedAt: new Date(at) };
      await tables(within)
        .insertInto('availability')
        .values({ ...row, present: true, lastPresentAt: new Date(at) })
        .onConflict((conflict) => conflict.column('accountId').doNothing())
        .execute();
    },

    /** `off` for whoever has said nothing yet, or was of another office then. */
    async find({ accountId, officeId }: { accountId: AccountId; officeId: OfficeId }, within?: Transaction): Promise<Availability> {
      const row = await tables(within)
        .selectFrom('availability')
        .select(['state', 'services', 'languages'])
        .where('accountId', '=', accountId)
        .where('officeId', '=', officeId)
        .executeTakeFirst();
      return row ?? off;
    },

    async listOf(officeId: OfficeId, within?: Transaction): Promise<readonly OfficialState[]> {
      const rows = await tables(within).selectFrom('availability').selectAll().where('officeId', '=', officeId).execute();
      return rows.map(({ accountId, state, services, languages, present, changedAt, lastPresentAt }) => ({
        accountId,
        state,
        services,
        languages,
        present,
        changedAt: changedAt.getTime(),
        lastPresentAt: lastPresentAt.getTime(),
      }));
    },
  };
}

/** Whether somebody with these skills serves this service in this language. */
export function serves(
  { services, languages }: Pick<Availability, 'services' | 'languages'>,
  { serviceId, language }: { readonly serviceId: ServiceId; readonly language: Locale },
): boolean {
  return (services.length === 0 || services.includes(serviceId)) && (languages.length === 0 || languages.includes(language));
}
