import type { Database } from '../platform/database.ts';
import type { InboxId, OfficeId, ServiceId } from '../protocol/ids.ts';
import type { OfficeView, Opening, WaitRange } from '../protocol/offices.ts';
import { type Calendar, dayOf, hoursBetween, type OpenHours, openingAt } from './calendar.ts';
import { OfficeStore, type ServiceRow } from './office-store.ts';

/** What is going on at a service now; from the queue. */
export interface ServiceLoad {
  readonly waiting: number;
  readonly wait: WaitRange | null;
  /** Percent of the announced waits that came true; null while there were too few. */
  readonly waitsWithin: number | null;
}

const nobody: ServiceLoad = { waiting: 0, wait: null, waitsWithin: null };
/** A service without hours. */
const closed: Omit<Calendar, 'timeZone'> = { hours: [], closedDays: new Set(), lastAdmissionMinutes: 0 };

export interface OfficesDependencies {
  readonly database: Database;
  /** IANA name: opening hours are local times there. */
  readonly timeZone: string;
}

/** What people come for, and when. */
export interface Offices {
  /** For everybody, signed in or not. `loads` of services left out count as nobody waiting. */
  readonly list: (at: number, loads: ReadonlyMap<ServiceId, ServiceLoad>) => Promise<readonly OfficeView[]>;
  readonly openingAt: (serviceId: ServiceId, at: number) => Promise<Opening>;
  /** Openings that overlap with a stretch of time, in order; milliseconds since 1970. */
  readonly hoursBetween: (serviceId: ServiceId, from: number, to: number) => Promise<readonly OpenHours[]>;
  readonly findService: (serviceId: ServiceId) => Promise<(ServiceRow & { readonly inboxId: InboxId }) | null>;
  /** Whose inbox it is; null for one that is no office's. */
  readonly officeOf: (inboxId: InboxId) => Promise<OfficeId | null>;
  readonly listServices: () => Promise<readonly ServiceRow[]>;
  /** The local date: "2026-11-22". */
  readonly dayOf: (at: number) => string;
}

export function createOffices({ database, timeZone }: OfficesDependencies): Offices {
  const store = new OfficeStore(database);
  const calendarOf = async (serviceId: ServiceId): Promise<Calendar> => ({
    timeZone,
    ...closed,
    ...(await store.findHours([serviceId])).get(serviceId),
  });
  return {
    async list(at, loads) {
      const [offices, services] = await Promise.all([store.findOffices(), store.findServices()]);
      const hours = await store.findHours(services.map(({ serviceId }) => serviceId));
      const viewOf = ({ letter: _letter, desks: _desks, position: _position, lastAdmissionMinutes: _last, ...service }: ServiceRow) => ({
        ...service,
        opening: openingAt({ timeZone, ...closed, ...hours.get(service.serviceId) }, at),
        ...(loads.get(service.serviceId) ?? nobody),
      });
      return offices.map((office) => ({
        ...office,
        services: services.filter(({ officeId }) => officeId === office.officeId).map(viewOf),
      }));
    },
    openingAt: async (serviceId, at) => openingAt(await calendarOf(serviceId), at),
    hoursBetween: async (serviceId, from, to) => hoursBetween(await calendarOf(serviceId), from, to),
    findService: async (serviceId) => await store.findService(serviceId),
    officeOf: async (inboxId) => (await store.findOfficeOf(inboxId))?.officeId ?? null,
    listServices: async () => await store.findServices(),
    dayOf: (at) => dayOf(at, timeZone),
  };
}
