import { newId } from '../../server/protocol/ids.ts';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';

const everywhere = (text: string) => ({ lb: text, fr: text, de: text, en: text, pt: text });

/** An office that is open, with services of these names. */
export function officeOf(serviceNames: readonly string[]): OfficeView {
  const officeId = newId<'office'>();
  const inAnHour = Date.now() + 3_600_000;
  const services = serviceNames.map((name): ServiceView => ({
    serviceId: newId(),
    officeId,
    name: everywhere(name),
    summary: everywhere(name),
    keywords: [],
    opening: { state: 'open', closesAt: inAnHour, admitsUntil: inAnHour },
    waiting: 0,
    wait: null,
    waitsWithin: null,
    appointmentMinutes: 20,
  }));
  return {
    officeId,
    name: everywhere('Citizens’ office'),
    inboxId: newId(),
    phone: '+352 20 20 10 10',
    address: '1, Place de la Mairie',
    services,
  };
}
