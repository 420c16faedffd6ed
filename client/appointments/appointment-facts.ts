import { html, nothing, type TemplateResult } from 'lit';
import type { AppointmentView } from '../../server/protocol/appointments.ts';
import { fmt } from '../i18n/fmt.ts';
import { officeName, serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';

/** Day, time, service, office and way, as a list of facts. */
export function appointmentFacts({ startsAt, endsAt, serviceId, officeId }: AppointmentView, { offices }: KnownOffices): TemplateResult {
  const elsewhere = fmt.elsewhere(startsAt);
  return html`<dl class="facts">
    <dt>${t('appointments.day')}</dt>
    <dd>${fmt.date(startsAt)}</dd>
    <dt>${t('appointments.time')}</dt>
    <dd class="figures">${fmt.timeRange(startsAt, endsAt)}${elsewhere === '' ? nothing : html` <span class="meta">(${elsewhere})</span>`}</dd>
    <dt>${t('appointments.service')}</dt>
    <dd>${serviceName(offices, serviceId)}</dd>
    <dt>${t('appointments.office')}</dt>
    <dd>${officeName(offices, officeId)}</dd>
    <dt>${t('appointments.way')}</dt>
    <dd>${t('appointments.wayVideo')}</dd>
  </dl>`;
}
