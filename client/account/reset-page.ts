import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import keyRound from 'lucide-static/icons/key-round.svg?icon';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import '../ui/error-summary.ts';
import type { FieldError } from '../ui/error-summary.ts';
import { field } from '../ui/field.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { adoptHeading } from '../ui/page-title.ts';
import { WatchAll } from '../ui/watch.ts';
import './account.css';
import { Ceremony } from './ceremony.ts';
import { ceremonyErrorText } from './ceremony-error.ts';
import './link-page.css';
import type { NewStart, NewStartFailure, NewStartState } from './new-start.ts';
import type { Closable, SessionState } from './session.ts';

const referenceField = 'reference';

const failureTexts = {
  cancelled: 'ways.resetCancelled',
  unusable: 'ways.resetUnusable',
  'not-open': 'ways.failNotOpen',
} as const satisfies Record<NewStartFailure, string>;

/** The last way in: what it takes, how it stands, what is gone. */
export class ResetPage extends GovPage {
  static override properties = {
    session: { attribute: false },
    startAnew: { attribute: false },
    newStart: { state: true },
    errors: { state: true },
  };
  declare session: Observable<SessionState<Closable>>;
  /** Called once: what it gives goes on where this browser was. */
  declare startAnew: () => NewStart;
  declare newStart: NewStart | null;
  declare errors: readonly FieldError[];
  readonly #ceremony = new Ceremony(this);
  #shown: NewStartState['step'] = 'loading';

  constructor() {
    super();
    this.newStart = null;
    this.errors = [];
    this.addController(new WatchAll(this, () => [this.session, ...(this.newStart ? [this.newStart.state] : [])]));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.newStart?.close();
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    // Whether somebody is signed in here decides how the account opens in the end.
    if (this.newStart === null && this.session.value.state !== 'starting') this.#begin();
    const { step } = this.#state;
    if (step === this.#shown) return;
    const isFirst = this.#shown === 'loading';
    this.#shown = step;
    if (!isFirst) adoptHeading(this)?.focus();
  }

  protected override render(): TemplateResult {
    return html`<gov-error-summary .errors=${this.errors}></gov-error-summary>
      <div class="sign-in">${this.#step(this.#state)}</div>`;
  }

  get #state(): NewStartState {
    return this.newStart?.state.value ?? { step: 'loading' };
  }

  #step(state: NewStartState): TemplateResult {
    if (state.step === 'loading') return html`<h1>${t('ways.resetTitle')}</h1><p class="loading">${t('ways.resetLoading')}</p>`;
    if (state.step === 'asking') return this.#asking();
    if (state.step === 'asked') return this.#asked(state.number);
    if (state.step === 'comparing') return this.#comparing(state);
    if (state.step === 'waiting') return this.#waiting(state);
    if (state.step === 'passkey') return this.#passkey();
    if (state.step === 'done') return done();
    if (state.step === 'failed') return this.#failed(state.failure);
    return html`<h1>${t('ways.resetTitle')}</h1><p class="lead loading">${t('ways.linkOpening')}</p>`;
  }

  #asking(): TemplateResult {
    const isSignedIn = 'session' in this.session.value;
    const error = this.errors.find((each) => each.field === referenceField)?.text;
    return html`<h1>${t('ways.resetTitle')}</h1>
      <p class="lead">${t('ways.resetLead')}</p>
      <h2>${t('ways.resetHow')}</h2>
      <ol class="steps">
        <li>${t('ways.resetStepIdentity')}</li>
        <li>${t('ways.resetStepDelay')}</li>
        <li>${t('ways.resetStepHere')}</li>
        <li>${t('ways.resetStepHistory')}</li>
      </ol>
      <form @submit=${this.#ask} novalidate>
        ${
          isSignedIn
            ? nothing
            : field(
                { id: referenceField, label: t('ways.resetReference'), hint: t('ways.resetReferenceHint'), error },
                ({ id, describedBy, invalid }) =>
                  html`<input class="input" id=${id} autocomplete="off" spellcheck="false" aria-describedby=${describedBy} aria-invalid=${invalid} />`,
              )
        }
        <p class="button-row">
          <button class="button">${t('ways.resetAsk')}</button>
          <a class="button button-secondary" href=${href('/cannot-sign-in')}>${t('ways.back')}</a>
        </p>
      </form>`;
  }

  #asked(number: string): TemplateResult {
    return html`<h1>${t('ways.resetAskedTitle')}</h1>
      <p class="figure link-figure">${inFours(number)}</p>
      <p class="lead">${t('ways.resetAskedText')}</p>
      <p>${t('account.helpText')}</p>
      ${this.#cancelRow()}`;
  }

  #comparing({ number, compare, signatures }: NewStartState & { step: 'comparing' }): TemplateResult {
    return html`<h1>${t('ways.resetCompareTitle')}</h1>
      <p class="figure link-figure reset-number">${compare}</p>
      <p class="lead">${t('ways.resetCompareText')}</p>
      <dl class="facts">
        <dt>${t('ways.resetNumber')}</dt>
        <dd>${inFours(number)}</dd>
      </dl>
      <p>${t('ways.resetSignatures', { count: signatures })}</p>
      ${this.#cancelRow()}`;
  }

  #waiting({ notBefore, compare }: NewStartState & { step: 'waiting' }): TemplateResult {
    return html`<h1>${t('ways.resetWaitingTitle')}</h1>
      <p class="lead">${t('ways.resetWaitingText', { date: fmt.dateTime(notBefore) })}</p>
      <p class="muted">${compare}</p>
      ${this.#cancelRow()}`;
  }

  #passkey(): TemplateResult {
    const { running, waiting, error } = this.#ceremony;
    return html`<h1>${t('ways.resetPasskeyTitle')}</h1>
      <p class="lead">${t('ways.resetPasskeyText')}</p>
      ${error === null ? nothing : notice({ kind: 'danger', body: html`<p>${error}</p>`, outcome: true })}
      <p>
        <button class="button sign-in-button" aria-disabled=${running ? 'true' : nothing} @click=${this.#createPasskey}>
          ${keyRound}${t('account.firstTimeButton')}
        </button>
      </p>
      ${waiting === null ? nothing : html`<p class="muted">${waiting}</p>`}`;
  }

  #failed(failure: NewStartFailure): TemplateResult {
    return html`<h1>${t('ways.failTitle')}</h1>
      <p class="lead">${t(failureTexts[failure])}</p>
      <p class="button-row"><button class="button" @click=${this.#again}>${t('ways.resetAgain')}</button></p>`;
  }

  #cancelRow(): TemplateResult {
    return html`<p class="button-row"><button class="button button-secondary" @click=${this.#again}>${t('ways.resetCancel')}</button></p>`;
  }

  #begin(): void {
    const newStart = this.startAnew();
    this.newStart = newStart;
    void this.#orSay(async () => await newStart.resume());
  }

  async #orSay(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.errors = [{ field: referenceField, text: ceremonyErrorText(error) }];
    }
  }

  readonly #ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    const about = this.querySelector<HTMLInputElement>(`#${referenceField}`)?.value.trim().toUpperCase() ?? null;
    const isMissing = about !== null && !/^\d{4}-\d+-\w+$/.test(about);
    this.errors = isMissing ? [{ field: referenceField, text: t('ways.resetReferenceMissing') }] : [];
    if (!isMissing) await this.#orSay(async () => await this.newStart?.ask(about));
  };

  readonly #again = (): void => void this.newStart?.cancel();

  readonly #createPasskey = (): void => void this.#ceremony.run(async (onceMore) => await this.newStart?.createPasskey(onceMore));
}

function done(): TemplateResult {
  return html`<h1>${t('ways.resetDoneTitle')}</h1>
    <p class="lead">${t('ways.resetDoneText')}</p>
    <p class="button-row">
      <a class="button" href=${href('/account/recovery-code')}>${t('account.passingMakeCode')}</a>
      <a class="button button-secondary" href=${href('/conversations')}>${t('ways.goOn')}</a>
    </p>`;
}

function inFours(number: string): string {
  return number.replaceAll(/.{4}(?=.)/g, '$& ');
}

customElements.define('gov-reset-page', ResetPage);
