import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import chevronRight from 'lucide-static/icons/chevron-right.svg?icon';
import type { AppointmentView } from '../../server/protocol/appointments.ts';
import { fmt } from '../i18n/fmt.ts';
import { officeName, serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { WatchAll } from '../ui/watch.ts';
import { canCheckIn, isComing, stateBadge } from './appointment-state.ts';
import type { MyAppointments } from './my-appointments.ts';

/** "My appointments": what is coming, then what was. */
export class AppointmentsPage extends GovPage {
  static override properties = { appointments: { attribute: false }, offices: { attribute: false } };
  declare appointments: MyAppointments;
  declare offices: Observable<KnownOffices>;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.appointments.state, this.offices]));
  }

  protected override render(): TemplateResult {
    const { loaded, appointments } = this.appointments.state.value;
    const coming = appointments.filter(isComing);
    const past = appointments.filter(({ state }) => state === 'completed' || state === 'missed' || state === 'cancelled').toReversed();
    return html`<h1>${t('appointments.listTitle')}</h1>
      ${loaded ? nothing : html`<p class="loading">${t('appointments.loading')}</p>`}
      ${loaded && coming.length === 0 ? empty() : nothing}
      ${this.#group(t('appointments.comingTitle'), coming)} ${this.#group(t('appointments.pastTitle'), past)}`;
  }

  #group(heading: string, appointments: readonly AppointmentView[]): TemplateResult | typeof nothing {
    if (appointments.length === 0) return nothing;
    return html`<h2>${heading}</h2>
      <ul class="rows">
        ${repeat(
          appointments,
          ({ appointmentId }) => appointmentId,
          (appointment) => this.#row(appointment),
        )}
      </ul>`;
  }

  #row(appointment: AppointmentView): TemplateResult {
    const { appointmentId, startsAt, endsAt, serviceId, officeId } = appointment;
    const { offices } = this.offices.value;
    return html`<li class="row">
      <h3 class="row-title">
        <a class="figures" href=${href(`/appointments/${appointmentId}`)}>${fmt.day(startsAt)}, ${fmt.timeRange(startsAt, endsAt)}</a>
      </h3>
      <p class="row-text">${serviceName(offices, serviceId)}, ${officeName(offices, officeId)}</p>
      <p class="row-state">${stateBadge(appointment)}${canCheckIn(appointment, Date.now()) ? html`<strong>${t('appointments.checkInLead')}</strong>` : nothing}</p>
      ${chevronRight}
    </li>`;
  }
}

function empty(): TemplateResult {
  return html`<p class="lead">${t('appointments.listEmpty')}</p>
    <p class="button-row"><a class="button" href=${href('/')}>${t('appointments.chooseService')}</a></p>`;
}

customElements.define('gov-appointments-page', AppointmentsPage);
