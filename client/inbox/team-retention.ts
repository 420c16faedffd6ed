import { html, nothing, type TemplateResult } from 'lit';
import type { CutSurvey } from '../../server/protocol/retention.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { confirmDialog } from '../ui/dialog.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Retention, RetentionState } from './retention.ts';

const choices = [1, 2, 5, 10];
const usualYears = 5;

/** On the team's page, for who leads it: how long a case may be quiet, what would expire, and how far it has come. */
export class TeamRetention extends GovElement {
  static override properties = {
    retention: { attribute: false },
    years: { state: true },
    survey: { state: true },
    failure: { state: true },
    busy: { state: true },
  };
  declare retention: Retention;
  declare years: number;
  /** What would happen, for the years it was asked for. */
  declare survey: (CutSurvey & { readonly quietSince: number }) | null;
  declare failure: RetentionState['failure'];
  declare busy: boolean;
  /** What is done by now was done from here: it is spoken. */
  #hasActed = false;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.retention.state]));
    this.years = usualYears;
    this.survey = null;
    this.failure = null;
    this.busy = false;
  }

  protected override firstUpdated(): void {
    void this.retention.refresh();
  }

  protected override render(): TemplateResult {
    const { cut, progress, failure } = this.retention.state.value;
    const isUnfinished = cut !== null && cut.forgottenAt === null;
    const problem = failure ?? this.failure;
    return html`<section aria-labelledby="team-retention">
      <h2 id="team-retention">${t('team.retentionTitle')}</h2>
      <p>${t('team.retentionText')}</p>
      ${problem === null ? nothing : notice({ kind: 'danger', body: html`<p>${failureText(problem)}</p>`, outcome: true })}
      ${cut === null || cut.forgottenAt === null || progress !== null ? nothing : this.#done(cut.forgottenAt, cut.quietSince)}
      ${progress === null ? (isUnfinished ? this.#unfinished(cut.quietSince) : this.#form()) : this.#progress(progress)}
    </section>`;
  }

  #done(forgottenAt: number, quietSince: number): TemplateResult {
    const text = t('team.retentionDone', { date: fmt.date(forgottenAt), since: fmt.date(quietSince) });
    return notice({ kind: 'success', body: html`<p>${text}</p>`, outcome: this.#hasActed });
  }

  #unfinished(quietSince: number): TemplateResult {
    const { leftOver } = this.retention.state.value;
    return html`${notice({ kind: 'warning', body: html`<p>${t('team.retentionUnfinished', { date: fmt.date(quietSince) })}</p>` })}
      ${
        leftOver.length === 0
          ? nothing
          : html`<p class="field-error">${t('team.retentionLeftOver', { count: leftOver.length })}</p>
              <ul>
                ${leftOver.map((conversationId, index) => html`<li><a href=${href(`/inbox/${conversationId}`)}>${index + 1}</a></li>`)}
              </ul>`
      }
      <p class="button-row"><button class="button" @click=${this.#goOn}>${t('team.retentionGoOn')}</button></p>`;
  }

  #progress({ done, total }: NonNullable<RetentionState['progress']>): TemplateResult {
    const text = t('team.retentionProgress', { done, total });
    return html`<p id="retention-progress" role="status">${text}</p>
      <p><progress class="retention-progress" max=${Math.max(total, 1)} .value=${done} aria-labelledby="retention-progress"></progress></p>
      <p class="hint">${t('team.retentionProgressHint')}</p>`;
  }

  #form(): TemplateResult {
    return html`<form @submit=${this.#look}>
      <fieldset class="choices">
        <legend>${t('team.retentionChoice')}</legend>
        ${choices.map(
          (years) => html`<label class="choice">
            <input type="radio" name="years" value=${years} .checked=${years === this.years} @change=${() => this.#choose(years)} />
            <span>${t('team.retentionYears', { count: years })}</span>
          </label>`,
        )}
      </fieldset>
      <p class="button-row"><button class="button button-secondary" ?disabled=${this.busy}>${t('team.retentionCount')}</button></p>
    </form>
    <div role="status">${this.survey === null ? nothing : this.#surveyed(this.survey)}</div>
    ${
      this.survey === null || this.survey.expiring === 0
        ? nothing
        : html`<p class="button-row"><button class="button button-danger" @click=${this.#begin}>${t('team.retentionBegin')}</button></p>`
    }`;
  }

  #surveyed({ staying, expiring }: CutSurvey): TemplateResult {
    return html`<p>${expiring === 0 ? t('team.retentionNone') : t('team.retentionSurvey', { staying, expiring })}</p>`;
  }

  #choose(years: number): void {
    this.years = years;
    this.survey = null;
  }

  readonly #look = async (event: Event): Promise<void> => {
    event.preventDefault();
    this.busy = true;
    this.failure = null;
    const quietSince = yearsAgo(this.years);
    try {
      this.survey = { ...(await this.retention.survey(quietSince)), quietSince };
    } catch (error) {
      if (error instanceof CryptoError) this.failure = 'unverified';
      else if (error instanceof RequestError) this.failure = error.code;
      else throw error;
    } finally {
      this.busy = false;
    }
  };

  readonly #goOn = async (): Promise<void> => {
    this.#hasActed = true;
    await this.retention.goOn();
  };

  readonly #begin = async (): Promise<void> => {
    const { survey } = this;
    if (survey === null) return;
    const agreed = await confirmDialog({
      heading: t('team.retentionDialog', { count: survey.expiring }),
      text: t('team.retentionDialogText', { date: fmt.date(survey.quietSince) }),
      confirm: t('team.retentionConfirm'),
      danger: true,
    });
    if (!agreed) return;
    this.survey = null;
    this.#hasActed = true;
    await this.retention.begin(survey.quietSince);
  };
}

function failureText(failure: NonNullable<RetentionState['failure']>): string {
  return failure === 'unverified' ? t('team.unverified') : errorText(failure);
}

function yearsAgo(years: number): number {
  const moment = new Date();
  return moment.setFullYear(moment.getFullYear() - years);
}

customElements.define('gov-team-retention', TeamRetention);
