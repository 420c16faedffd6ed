import { html, nothing, type TemplateResult } from 'lit';
import type { ServiceView } from '../../server/protocol/offices.ts';
import type { QueueEntryView } from '../../server/protocol/queue.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { href } from '../ui/navigate.ts';
import { isToday } from './admission.ts';
import { priorityText } from './turn-words.ts';

/** The number and the place of somebody who waits, with the honest range and what else bears on it. `actions` stand below. */
export function waitingTicket(
  entry: QueueEntryView,
  { appointmentAt, service, actions }: { appointmentAt: number | null; service: ServiceView | null; actions: TemplateResult },
): TemplateResult {
  const opening = service?.opening;
  const within = entry.wait === null ? null : (service?.waitsWithin ?? null);
  return html`<section class="card ticket" aria-label=${t('queue.placeLabel')}>
    <div class="ticket-figures">
      <p><span class="ticket-label">${t('queue.placeLabel')}</span> <strong class="figure">${entry.place}</strong></p>
      ${ticketNumber(entry)}
    </div>
    <p class="ticket-before">${t('queue.beforeYou', { count: Math.max(0, (entry.place ?? 1) - 1) })}</p>
    ${entry.priority === null ? nothing : html`<p>${priorityText(entry.priority)}</p>`}
    ${appointmentAt === null ? nothing : html`<p>${t('queue.appointmentNote', { time: fmt.time(appointmentAt) })}</p>`}
    <p>${entry.wait === null ? t('queue.waitUnknown') : html`<strong>${t('queue.waitLine', { wait: fmt.wait(entry.wait) })}</strong>`}</p>
    <p class="meta ticket-meta">
      <span>${t('queue.updated', { time: fmt.time(entry.updatedAt) })}</span>
      ${opening?.state === 'open' && isToday(opening.closesAt) ? html`<span>${t('queue.openUntil', { time: fmt.time(opening.closesAt) })}</span>` : nothing}
      ${within === null ? nothing : html`<span>${t('queue.waitsWithin', { percent: within })}</span>`}
    </p>
    <p>${t('queue.keepPlace')}</p>
    <p>${t('queue.soundText')}</p>
    ${actions}
  </section>`;
}

/** A ticket that does not count until its owner is back. */
export function parkedTicket(entry: QueueEntryView, actions: TemplateResult): TemplateResult {
  return html`<section class="card ticket" aria-label=${t('queue.ticketLabel')}>
    <div class="ticket-figures">${ticketNumber(entry)}</div>
    ${actions}
  </section>`;
}

/** What a citizen can do once his ticket is done. */
export function finishedTicket({ state, conversationId, serviceId }: QueueEntryView): TemplateResult {
  return html`<section class="card">
    <p>${state === 'left' ? t('queue.leftText') : t('queue.endedText')}</p>
    <p class="button-row">
      <a class="button" href=${href(`/conversations/${conversationId}`)}>${t('queue.toConversation')}</a>
      <a class="button button-secondary" href=${href(`/services/${serviceId}/line?conversation=${conversationId}`)}>${t('queue.newTicket')}</a>
    </p>
  </section>`;
}

/** What to do with the time: test camera and sound, have the papers ready. */
export function whileYouWait({ entryId, readiness }: QueueEntryView): TemplateResult {
  return html`<section class="card" aria-labelledby="good-to-know">
    <h2 id="good-to-know">${t('queue.whileTitle')}</h2>
    <p class="button-row while-check">
      <a class="button button-secondary" href=${href(`/device-check?entry=${entryId}`)}>${t('queue.checkDevices')}</a>
    </p>
    <p class="hint">${readiness === null ? t('queue.checkHint') : t('queue.checked', { readiness: t(readinesses[readiness]) })}</p>
    <ul>
      <li>${t('queue.whileDocuments')}</li>
      <li>${t('queue.whileLight')}</li>
      <li>${t('queue.whileData')}</li>
    </ul>
  </section>`;
}

const readinesses = {
  ready: 'needs.ready-all',
  'sound-only': 'needs.ready-sound-only',
  'text-only': 'needs.ready-text-only',
} as const;

function ticketNumber({ ticketNumber: number }: QueueEntryView): TemplateResult {
  return html`<p><span class="ticket-label">${t('queue.ticketLabel')}</span> <strong class="ticket-number">${number}</strong></p>`;
}
