import { html, nothing, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import type { SlotView } from '../../server/protocol/appointments.ts';
import { limits } from '../../server/protocol/limits.ts';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import { locale, t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import '../ui/error-summary.ts';
import type { FieldError } from '../ui/error-summary.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href, navigate } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import type { MyAppointments } from './my-appointments.ts';
import './appointments.css';

const daysAtOnce = 5;

/** Which time? One question: the first free one is chosen already, the others stand under their days. */
export class SlotPage extends GovPage {
  static override properties = {
    service: { attribute: false },
    office: { attribute: false },
    appointments: { attribute: false },
    nextPath: { attribute: false },
    holdIsOver: { attribute: false },
    slots: { state: true },
    shownDays: { state: true },
    chosenAt: { state: true },
    holding: { state: true },
    failure: { state: true },
    errors: { state: true },
  };
  declare service: ServiceView;
  declare office: OfficeView;
  declare appointments: MyAppointments;
  /** Where the held appointment is checked and confirmed. */
  declare nextPath: (appointmentId: string) => string;
  /** Whether the person comes back because a hold ran out. */
  declare holdIsOver: boolean;
  /** Null before the server has answered. */
  declare slots: readonly SlotView[] | null;
  declare shownDays: number;
  declare chosenAt: number | null;
  declare holding: boolean;
  declare failure: string | null;
  declare errors: readonly FieldError[];

  constructor() {
    super();
    this.holdIsOver = false;
    this.slots = null;
    this.shownDays = daysAtOnce;
    this.chosenAt = null;
    this.holding = false;
    this.failure = null;
    this.errors = [];
  }

  protected override firstUpdated(): void {
    if (this.holdIsOver) this.failure = t('appointments.holdExpired');
    void this.#load();
  }

  protected override render(): TemplateResult {
    return html`<p>
        <a class="back-link" href=${href(`/services/${this.service.serviceId}`)}>${arrowLeft}${this.service.name[locale()]}</a>
      </p>
      <gov-error-summary .errors=${this.errors}></gov-error-summary>
      ${this.failure === null ? nothing : notice({ kind: 'warning', body: html`<p>${this.failure}</p>`, outcome: true })}
      <h1>${t('appointments.bookTitle')}</h1>
      <p class="lead">${this.service.name[locale()]}, ${this.office.name[locale()]}</p>
      <p class="hint">${t('appointments.bookHint', { minutes: this.service.appointmentMinutes })}</p>
      ${this.#choice()}`;
  }

  #choice(): TemplateResult {
    if (this.slots === null) return html`<p class="loading">${t('appointments.loadingSlots')}</p>`;
    const [first, ...others] = this.slots;
    if (first === undefined) return this.#nothingFree();
    const days = groupByDay(others);
    return html`<form @submit=${this.#submit}>
      <fieldset class="choices">
        <legend>${t('appointments.firstFree')}</legend>
        ${this.#radio(first, `${fmt.dayLabel(first.startsAt, Date.now())}, ${fmt.time(first.startsAt)}`)}
      </fieldset>
      ${days.slice(0, this.shownDays).map(
        (slots) =>
          html`<fieldset class="choices">
            <legend>${fmt.dayLabel(slots[0]?.startsAt ?? 0, Date.now())}</legend>
            <div class="choice-grid">${slots.map((slot) => this.#radio(slot, fmt.time(slot.startsAt)))}</div>
          </fieldset>`,
      )}
      <div class="button-row">
        <button class="button" aria-disabled=${this.holding ? 'true' : nothing}>${t('appointments.continue')}</button>
        ${
          days.length > this.shownDays
            ? html`<button type="button" class="button button-secondary" @click=${this.#showMore}>${t('appointments.showMoreDays')}</button>`
            : nothing
        }
        ${this.holding ? html`<span class="muted">${t('appointments.holding')}</span>` : nothing}
      </div>
    </form>`;
  }

  #radio(slot: SlotView, words: string): TemplateResult {
    return html`<label class="choice">
      <input
        type="radio"
        name="slot"
        id="slot-${slot.startsAt}"
        .checked=${this.chosenAt === slot.startsAt}
        @change=${() => (this.chosenAt = slot.startsAt)}
      />
      <span class="figures">${words}</span>
    </label>`;
  }

  #nothingFree(): TemplateResult {
    return html`<p>${t('appointments.noSlots')}</p>
      <p class="button-row"><a class="button" href=${href(`/services/${this.service.serviceId}/write`)}>${t('appointments.write')}</a></p>`;
  }

  async #load(): Promise<void> {
    try {
      this.slots = await this.appointments.loadSlots(this.service.serviceId);
      this.chosenAt = this.slots[0]?.startsAt ?? null;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.failure = errorText(error.code);
    }
  }

  readonly #showMore = async (): Promise<void> => {
    const next = this.shownDays + 1;
    this.shownDays += daysAtOnce;
    await this.updateComplete;
    // The focus goes to the first time that has just come; the button may be gone.
    this.querySelectorAll('fieldset')[next]?.querySelector<HTMLElement>('input')?.focus();
  };

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.holding) return;
    if (this.chosenAt === null) {
      this.errors = [{ field: `slot-${this.slots?.[0]?.startsAt ?? ''}`, text: t('appointments.chooseError') }];
      return;
    }
    this.holding = true;
    this.failure = null;
    this.errors = [];
    try {
      const held = await this.appointments.hold({ serviceId: this.service.serviceId, startsAt: this.chosenAt });
      navigate(this.nextPath(held.appointmentId));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      await this.#refused(error);
    } finally {
      this.holding = false;
    }
  };

  async #refused({ code }: RequestError): Promise<void> {
    if (code === 'slot_taken' || code === 'invalid_slot') {
      await this.#load();
      this.failure = t('appointments.slotTaken');
    } else {
      this.failure = code === 'bad_state' ? t('appointments.tooMany', { max: limits.openBookingsPerAccount }) : errorText(code);
    }
    await this.updateComplete;
    this.querySelector<HTMLElement>('h1')?.focus();
  }
}

function groupByDay(slots: readonly SlotView[]): readonly (readonly SlotView[])[] {
  const days = Map.groupBy(slots, ({ startsAt }) => fmt.dateKey(startsAt));
  return [...days.values()];
}

customElements.define('gov-slot-page', SlotPage);
