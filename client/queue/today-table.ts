import { html, type TemplateResult } from 'lit';
import type { AppointmentState, AppointmentView } from '../../server/protocol/appointments.ts';
import { fmt } from '../i18n/fmt.ts';
import { serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import { href } from '../ui/navigate.ts';
import { needsList } from './entry-facts.ts';

const states = {
  held: ['off', 'inbox.stateHeld'],
  booked: ['ok', 'inbox.stateBooked'],
  'checked-in': ['ok', 'inbox.stateCheckedIn'],
  completed: ['off', 'inbox.stateCompleted'],
  released: ['off', 'inbox.stateCancelled'],
  cancelled: ['off', 'inbox.stateCancelled'],
  missed: ['watch', 'inbox.stateMissed'],
} as const satisfies Record<AppointmentState, readonly [string, string]>;

/** The office's appointments of today, by time; who booked stands in the conversation. */
export function todayTable(appointments: readonly AppointmentView[], { offices }: KnownOffices): TemplateResult {
  const today = appointments.filter(({ state, startsAt }) => state !== 'released' && fmt.dateKey(startsAt) === fmt.dateKey(Date.now()));
  if (today.length === 0) return html`<p class="card">${t('inbox.todayEmpty')}</p>`;
  return html`<ul class="rows today">
    ${today.map(
      (appointment) => html`<li class="row">
        <h3 class="row-title">${title(appointment)}</h3>
        <p class="row-text">${serviceName(offices, appointment.serviceId)}</p>
        ${needsList(appointment.needs)}
        <p class="row-state">${badge(states[appointment.state][0], t(states[appointment.state][1]))}</p>
      </li>`,
    )}
  </ul>`;
}

function title({ startsAt, endsAt, conversationId }: AppointmentView): TemplateResult {
  const time = html`<time datetime=${fmt.iso(startsAt)}>${fmt.timeRange(startsAt, endsAt)}</time>`;
  if (conversationId === null) return time;
  return html`<a href=${href(`/inbox/${conversationId}`)}>${time}<span class="visually-hidden">, ${t('inbox.openConversation')}</span></a>`;
}
