import type { OfficeId, ServiceId } from '../../server/protocol/ids.ts';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import { locale } from './translate.ts';

/** Whatever holds the offices once they are loaded. */
export interface KnownOffices {
  readonly offices: readonly OfficeView[] | null;
}

/** The office's name in the page's language; empty as long as the offices are not loaded. */
export function officeName(offices: readonly OfficeView[] | null, officeId: OfficeId): string {
  return offices?.find((office) => office.officeId === officeId)?.name[locale()] ?? '';
}

/** The service's name in the page's language; empty as long as the offices are not loaded. */
export function serviceName(offices: readonly OfficeView[] | null, serviceId: ServiceId): string {
  return findService(offices, serviceId)?.service.name[locale()] ?? '';
}

export function findService(offices: readonly OfficeView[] | null, serviceId: string): { office: OfficeView; service: ServiceView } | null {
  for (const office of offices ?? []) {
    const service = office.services.find((each) => each.serviceId === serviceId);
    if (service !== undefined) return { office, service };
  }
  return null;
}

/** What a conversation's office does for its matter: the service it began with, or, since it was handed over, any of the office's. */
export function servicesOf(
  offices: readonly OfficeView[] | null,
  { officeId, serviceId }: { readonly officeId: OfficeId; readonly serviceId: ServiceId },
): readonly ServiceView[] {
  const services = offices?.find((office) => office.officeId === officeId)?.services ?? [];
  const own = services.filter((service) => service.serviceId === serviceId);
  return own.length > 0 ? own : services;
}
