import { html, nothing, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import type { AppointmentView } from '../../server/protocol/appointments.ts';
import type { AppointmentId } from '../../server/protocol/ids.ts';
import type { QueueEntryView } from '../../server/protocol/queue.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import type { KnownOffices } from '../i18n/office-names.ts';
import { locale, t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { confirmDialog } from '../ui/dialog.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href, navigate } from '../ui/navigate.ts';
import { needsText } from '../ui/needs-field.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import { appointmentFacts } from './appointment-facts.ts';
import { canCheckIn, isComing, stateBadge } from './appointment-state.ts';
import './appointments.css';
import type { MyAppointments } from './my-appointments.ts';

/** One appointment: the confirmation, what happens next, checking in, cancelling. */
export class AppointmentPage extends GovPage {
  static override properties = {
    appointmentId: { attribute: false },
    appointments: { attribute: false },
    offices: { attribute: false },
    justBooked: { attribute: false },
    findEntry: { attribute: false },
    onCheckedIn: { attribute: false },
    working: { state: true },
    outcome: { state: true },
  };
  /** As the address says it. */
  declare appointmentId: string;
  declare appointments: MyAppointments;
  declare offices: Observable<KnownOffices>;
  declare justBooked: boolean;
  /** The place in the line of somebody who has checked in. */
  declare findEntry: (appointmentId: AppointmentId) => QueueEntryView | null;
  declare onCheckedIn: (entry: QueueEntryView) => void;
  declare working: boolean;
  declare outcome: { readonly kind: 'success' | 'danger'; readonly text: string } | null;
  #opening: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.appointments.state, this.offices]));
    this.justBooked = false;
    this.working = false;
    this.outcome = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#opening);
  }

  protected override willUpdate(): void {
    this.#drawAgainWhenItOpens();
  }

  protected override render(): TemplateResult {
    const appointment = this.appointments.find(this.appointmentId);
    if (appointment !== undefined) return this.#page(appointment);
    if (!this.appointments.state.value.loaded)
      return html`<h1>${t('appointments.appointmentTitle')}</h1><p class="loading">${t('appointments.loading')}</p>`;
    return html`<h1>${t('appointments.notFoundTitle')}</h1>
      <p class="lead">${t('appointments.notFoundText')}</p>
      <p class="button-row"><a class="button" href=${href('/appointments')}>${t('appointments.listTitle')}</a></p>`;
  }

  #page(appointment: AppointmentView): TemplateResult {
    const isNew = this.justBooked && appointment.state === 'booked';
    return html`<p><a class="back-link" href=${href('/appointments')}>${arrowLeft}${t('appointments.listTitle')}</a></p>
      ${this.outcome === null ? nothing : notice({ kind: this.outcome.kind, body: html`<p>${this.outcome.text}</p>`, outcome: true })}
      <h1>${isNew ? t('appointments.bookedTitle') : t('appointments.appointmentTitle')}</h1>
      <p>${stateBadge(appointment)}</p>
      <div class="columns">
        <div>
          <div class="card appointment-card">${appointmentFacts(appointment, this.offices.value)}${needsLine(appointment)}</div>
          ${this.#actions(appointment)}
        </div>
        <aside>${appointment.state === 'booked' ? nextSteps(appointment) : nothing}</aside>
      </div>`;
  }

  #actions(appointment: AppointmentView): TemplateResult {
    const { state, appointmentId, conversationId, serviceId } = appointment;
    const entry = state === 'checked-in' ? this.findEntry(appointmentId) : null;
    return html`<div class="button-row">
      ${
        canCheckIn(appointment, Date.now())
          ? html`<button class="button" aria-disabled=${this.working ? 'true' : nothing} @click=${this.#checkIn}>${t('appointments.checkIn')}</button>`
          : nothing
      }
      ${entry === null ? nothing : html`<a class="button" href=${href(`/queue/${entry.entryId}`)}>${t('appointments.toQueue')}</a>`}
      ${
        conversationId === null
          ? nothing
          : html`<a class="button button-secondary" href=${href(`/conversations/${conversationId}`)}>${t('appointments.toConversation')}</a>`
      }
      ${
        state === 'booked'
          ? html`<button class="button button-quiet" @click=${() => void this.#cancel(appointment)}>${t('appointments.cancel')}</button>`
          : nothing
      }
      ${isComing(appointment) ? nothing : html`<a class="button button-secondary" href=${href(`/services/${serviceId}/book`)}>${t('appointments.bookAnother')}</a>`}
      ${this.working ? html`<span class="muted">${t('appointments.checkingIn')}</span>` : nothing}
    </div>`;
  }

  /** The button to check in appears by itself. */
  #drawAgainWhenItOpens(): void {
    clearTimeout(this.#opening);
    const appointment = this.appointments.find(this.appointmentId);
    if (appointment?.state !== 'booked') return;
    const inMs = [appointment.checkInFrom, appointment.checkInUntil].map((at) => at - Date.now()).find((ms) => ms > 0);
    // Timers hold no longer than 24.8 days; within the two weeks of booking none comes near.
    if (inMs !== undefined) this.#opening = setTimeout(() => this.requestUpdate(), inMs + 1_000);
  }

  readonly #checkIn = async (): Promise<void> => {
    const appointment = this.appointments.find(this.appointmentId);
    if (appointment === undefined || this.working) return;
    this.working = true;
    await this.#try(async () => {
      const entry = await this.appointments.checkIn(appointment.appointmentId, locale());
      this.onCheckedIn(entry);
      navigate(`/queue/${entry.entryId}`);
    });
    this.working = false;
  };

  async #cancel({ appointmentId, startsAt }: AppointmentView): Promise<void> {
    const agreed = await confirmDialog({
      heading: t('appointments.cancelTitle'),
      text: t('appointments.cancelText', { when: fmt.dateTime(startsAt) }),
      confirm: t('appointments.cancel'),
      danger: true,
    });
    if (!agreed) return;
    await this.#try(async () => {
      await this.appointments.cancel(appointmentId);
      this.outcome = { kind: 'success', text: t('appointments.cancelled') };
      this.querySelector<HTMLElement>('h1')?.focus();
    });
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.outcome = null;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.outcome = { kind: 'danger', text: errorText(error.code) };
    }
  }
}

function needsLine({ needs }: AppointmentView): TemplateResult | typeof nothing {
  return needs.length === 0 ? nothing : html`<p>${t('needs.line', { needs: needsText(needs) })}</p>`;
}

function nextSteps({ appointmentId, checkInFrom, checkInUntil }: AppointmentView): TemplateResult {
  return html`<section class="card" aria-labelledby="next-steps">
    <h2 id="next-steps">${t('appointments.nextTitle')}</h2>
    <ol class="steps">
      <li>${t('appointments.nextCome')}</li>
      <li>
        ${t('appointments.nextTest')}
        <a href=${href(`/device-check?appointment=${appointmentId}`)}>${t('appointments.testDevices')}</a>
      </li>
      <li>${t('appointments.nextCheckIn', { from: fmt.time(checkInFrom), until: fmt.time(checkInUntil) })}</li>
      <li>${t('appointments.nextCall')}</li>
    </ol>
  </section>`;
}

customElements.define('gov-appointment-page', AppointmentPage);
