import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { OfficeStore } from '../../server/offices/office-store.ts';
import type { Database } from '../../server/platform/database.ts';
import type { AccountId, ConversationId, Id, InboxId, OfficeId, ServiceId } from '../../server/protocol/ids.ts';

const slug = <Kind extends string>(text: string): Id<Kind> => text as Id<Kind>;
export const townHall = slug<'office'>('town-hall');
export const healthFund = slug<'office'>('health-fund');
export const passport = slug<'service'>('passport');
export const licence = slug<'service'>('licence');
export const residence = slug<'service'>('residence');
export const archive = slug<'service'>('archive');
export const refund = slug<'service'>('refund');

export const taxOffice = slug<'office'>('tax-office');
export const library = slug<'office'>('library');
export const taxes = slug<'service'>('taxes');
export const card = slug<'service'>('card');

export const inboxIds = new Map<OfficeId, InboxId>(
  [townHall, healthFund, taxOffice, library].map((officeId) => [officeId, chainId<'inbox'>()]),
);

export function chainId<Kind extends string>(): Id<Kind> {
  return slug<Kind>(randomBytes(32).toString('base64url'));
}

const office = (officeId: OfficeId) => ({
  officeId,
  name: text(officeId),
  phone: '247-00000',
  address: 'Luxembourg',
  inboxId: inboxIds.get(officeId) ?? slug<'inbox'>(''),
});
const text = (word: string) => ({ lb: word, fr: word, de: word, en: word, pt: word });

/** A town hall with several services and three offices with one each, open from Monday to Friday with a break at noon. */
export async function addOffices(database: Database, desks: number): Promise<void> {
  const weekdays = [1, 2, 3, 4, 5];
  const service = (serviceId: ServiceId, officeId: OfficeId, letter: string, appointmentMinutes: number) => ({
    serviceId,
    officeId,
    letter,
    appointmentMinutes,
    desks,
    lastAdmissionMinutes: 0,
    position: 1,
    name: text(serviceId),
    summary: text(serviceId),
    keywords: [],
  });
  const hours = (serviceId: ServiceId) =>
    weekdays.flatMap((weekday) => [
      { serviceId, weekday, opens: '08:00', closes: '12:00' },
      { serviceId, weekday, opens: '13:00', closes: '17:00' },
    ]);
  for (const inboxId of inboxIds.values()) await sql`insert into inboxes values (${inboxId})`.execute(database);
  const stores = new OfficeStore(database);
  const services = [
    service(passport, townHall, 'A', 20),
    service(licence, townHall, 'B', 30),
    service(residence, townHall, 'C', 15),
    service(archive, townHall, 'D', 15),
  ];
  // Friday of the first week is a holiday.
  await stores.add(
    office(townHall),
    services,
    services.flatMap(({ serviceId }) => hours(serviceId)),
    ['2026-11-27'],
  );
  await stores.add(office(healthFund), [service(refund, healthFund, 'R', 30)], hours(refund), []);
  await stores.add(office(taxOffice), [service(taxes, taxOffice, 'T', 30)], hours(taxes), []);
  await stores.add(office(library), [service(card, library, 'L', 30)], hours(card), []);
}

/** A conversation as it is once it was opened, with nothing written in it. */
export async function addConversation(
  database: Database,
  about: { conversationId: ConversationId; serviceId: ServiceId; officeId: OfficeId; citizenId: AccountId; at: number },
): Promise<void> {
  const { conversationId, serviceId, officeId, citizenId } = about;
  const [at, run] = [new Date(about.at), Buffer.alloc(32)];
  await sql`
    insert into conversations (conversation_id, reference, service_id, office_id, inbox_id, citizen_id, head, epoch, run, opened_at, last_activity_at)
    values (${conversationId}, ${conversationId}, ${serviceId}, ${officeId}, ${inboxIds.get(officeId)}, ${citizenId}, 1, 1, ${run}, ${at}, ${at})`.execute(
    database,
  );
  await sql`
    insert into entries (conversation_id, position, kind, bytes, epoch, run, accepted_at)
    values (${conversationId}, 1, 'epoch', ${Buffer.alloc(1)}, 1, ${run}, ${at})`.execute(database);
}
