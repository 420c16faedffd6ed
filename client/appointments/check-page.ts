import { html, nothing, type TemplateResult } from 'lit';
import type { AppointmentView } from '../../server/protocol/appointments.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { Need } from '../../server/protocol/queue.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import type { KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import type { Profile } from '../storage/texts.ts';
import type { Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { announcer } from '../ui/announcer.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href, navigate } from '../ui/navigate.ts';
import { needsField } from '../ui/needs-field.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import { appointmentFacts } from './appointment-facts.ts';
import './appointments.css';
import './hold-clock.ts';
import type { MyAppointments } from './my-appointments.ts';

/** "Check your appointment": all of it on one page, the hold's clock, one button. */
export class CheckPage extends GovPage {
  static override properties = {
    appointmentId: { attribute: false },
    appointments: { attribute: false },
    offices: { attribute: false },
    profile: { attribute: false },
    openConversation: { attribute: false },
    slotPath: { attribute: false },
    needs: { state: true },
    working: { state: true },
    failure: { state: true },
  };
  /** As the address says it. */
  declare appointmentId: string;
  declare appointments: MyAppointments;
  declare offices: Observable<KnownOffices>;
  declare profile: Profile;
  /** The conversation the appointment belongs to. */
  declare openConversation: () => Promise<ConversationId>;
  /** Back to the question. */
  declare slotPath: string;
  declare needs: readonly Need[];
  declare working: boolean;
  declare failure: string | null;
  #remembered = true;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.appointments.state, this.offices]));
    this.needs = [];
    this.working = false;
    this.failure = null;
  }

  protected override firstUpdated(): void {
    void this.#fillIn();
  }

  protected override render(): TemplateResult {
    const appointment = this.appointments.find(this.appointmentId);
    const held = appointment?.state === 'held' && appointment.holdExpiresAt !== null && appointment.holdExpiresAt > Date.now();
    return html`${this.failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.failure}</p>`, outcome: true })}
      <h1>${t('appointments.checkTitle')}</h1>
      ${held ? this.#check(appointment) : this.#nothingHeld(appointment)}`;
  }

  #check(appointment: AppointmentView): TemplateResult {
    return html`<div class="card appointment-card">${appointmentFacts(appointment, this.offices.value)}</div>
      <div class="appointment-card">${needsField({ stated: this.needs, remembered: this.#remembered, onChange: this.#state })}</div>
      <gov-hold-clock .until=${appointment.holdExpiresAt ?? 0} .onExtend=${this.#extend} .onOver=${this.#over}></gov-hold-clock>
      <p class="button-row">
        <button class="button" aria-disabled=${this.working ? 'true' : nothing} @click=${this.#book}>${t('appointments.confirm')}</button>
        <a class="button button-secondary" href=${href(this.slotPath)}>${t('appointments.change')}</a>
        ${this.working ? html`<span class="muted">${t('appointments.booking')}</span>` : nothing}
      </p>`;
  }

  #nothingHeld(appointment: AppointmentView | undefined): TemplateResult {
    if (!this.appointments.state.value.loaded) return html`<p class="loading">${t('appointments.loading')}</p>`;
    const isBooked = appointment !== undefined && appointment.state !== 'held' && appointment.state !== 'released';
    return isBooked
      ? html`<p class="button-row"><a class="button" href=${href(`/appointments/${appointment.appointmentId}`)}>${t('appointments.open')}</a></p>`
      : html`<p>${t('appointments.holdExpired')}</p>
          <p class="button-row"><a class="button" href=${href(this.slotPath)}>${t('appointments.bookAnother')}</a></p>`;
  }

  async #fillIn(): Promise<void> {
    this.needs = await this.profile.loadNeeds();
  }

  readonly #state = (needs: readonly Need[]): void => {
    this.#remembered = false;
    this.needs = needs;
  };

  readonly #over = (): void => {
    navigate(`${this.slotPath}${this.slotPath.includes('?') ? '&' : '?'}over`, { replace: true });
  };

  readonly #extend = async (): Promise<void> => {
    const appointment = this.appointments.find(this.appointmentId);
    if (appointment === undefined) return;
    await this.#try(async () => {
      const { appointmentId, holdExpiresAt } = await this.appointments.hold({
        serviceId: appointment.serviceId,
        startsAt: appointment.startsAt,
      });
      announcer().announce(t('appointments.extended', { time: fmt.time(holdExpiresAt ?? 0) }));
      this.appointmentId = appointmentId;
      const path = location.pathname.replace(/[^/]+$/, appointmentId);
      history.replaceState(history.state, '', path + location.search);
    });
  };

  readonly #book = async (): Promise<void> => {
    const appointment = this.appointments.find(this.appointmentId);
    if (appointment === undefined || this.working) return;
    await this.#try(async () => {
      const { appointmentId } = appointment;
      await this.appointments.book({ appointmentId, conversationId: await this.openConversation(), needs: this.needs });
      await this.profile.saveNeeds(this.needs);
      navigate(`/appointments/${appointment.appointmentId}?booked`, { replace: true });
    });
  };

  async #try(work: () => Promise<void>): Promise<void> {
    this.working = true;
    this.failure = null;
    try {
      await work();
    } catch (error) {
      if (error instanceof RequestError && error.code === 'invalid_slot') this.#over();
      else this.failure = error instanceof RequestError ? errorText(error.code) : t('conversations.startUntrusted');
    } finally {
      this.working = false;
    }
  }
}

customElements.define('gov-check-page', CheckPage);
