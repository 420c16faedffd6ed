import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { announcer } from '../ui/announcer.ts';
import '../ui/error-summary.ts';
import type { FieldError } from '../ui/error-summary.ts';
import { field } from '../ui/field.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { adoptHeading } from '../ui/page-title.ts';
import { WatchAll } from '../ui/watch.ts';
import './account.css';
import { ceremonyErrorText } from './ceremony-error.ts';
import type { Closable, SessionState } from './session.ts';

const codeField = 'recovery-code';

/** The way in with the code on paper: a typing error is said at once, a code that opens nothing after a look at the account. */
export class RecoverPage extends GovPage {
  static override properties = {
    session: { attribute: false },
    useCode: { attribute: false },
    isTyped: { attribute: false },
    step: { state: true },
    errors: { state: true },
  };
  declare session: Observable<SessionState<Closable>>;
  /** False when the code is none of this account's. */
  declare useCode: (code: string) => Promise<boolean>;
  /** Whether a code is as it was written down; throws a CryptoError for a typing error. */
  declare isTyped: (code: string) => unknown;
  declare step: 'asking' | 'working' | 'done';
  declare errors: readonly FieldError[];

  constructor() {
    super();
    this.step = 'asking';
    this.errors = [];
    this.addController(new WatchAll(this, () => [this.session]));
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    if (changed.has('step') && this.step === 'done') adoptHeading(this)?.focus();
  }

  protected override render(): TemplateResult {
    if (this.step === 'done') return this.#done();
    const isBusy = this.step === 'working';
    const error = this.errors.find((each) => each.field === codeField)?.text;
    return html`<gov-error-summary .errors=${this.errors}></gov-error-summary>
      <form class="sign-in" @submit=${this.#submit} novalidate>
        <h1>${t('ways.recoverTitle')}</h1>
        <p class="lead">${t('ways.codeText')}</p>
        ${field(
          { id: codeField, label: t('ways.recoverLabel'), hint: t('ways.recoverHint'), error },
          ({ id, describedBy, invalid }) =>
            html`<textarea class="input" id=${id} rows="2" autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby=${describedBy} aria-invalid=${invalid} @change=${this.#look}></textarea>`,
        )}
        <p class="button-row">
          <button class="button" aria-disabled=${isBusy ? 'true' : nothing}>${t('ways.recoverButton')}</button>
          <a class="button button-secondary" href=${href('/cannot-sign-in')}>${t('ways.back')}</a>
        </p>
        ${isBusy ? html`<p class="muted">${t('ways.recoverWorking')}</p>` : nothing}
      </form>`;
  }

  #done(): TemplateResult {
    return html`<div class="sign-in">
      <h1>${t('ways.recoverDoneTitle')}</h1>
      <p class="lead">${t('ways.recoverDoneText')}</p>
      <p class="button-row"><a class="button" href=${href('/account/recovery-code')}>${t('ways.recoverNewCode')}</a></p>
      <p>${t('ways.recoverPasskeyText')}</p>
      <p class="button-row"><a class="button button-secondary" href=${href('/account/security')}>${t('ways.recoverPasskey')}</a></p>
    </div>`;
  }

  get #code(): string {
    return this.querySelector<HTMLTextAreaElement>(`#${codeField}`)?.value.trim() ?? '';
  }

  /** Leaving the field is enough to learn of a typing error. */
  readonly #look = (): void => {
    if (this.#code !== '' && this.#hasTypo()) announcer().announce(t('ways.recoverTypo'));
  };

  #hasTypo(): boolean {
    try {
      this.isTyped(this.#code);
      return false;
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      this.errors = [{ field: codeField, text: t('ways.recoverTypo') }];
      return true;
    }
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.step === 'working' || this.#hasTypo()) return;
    this.errors = [];
    this.step = 'working';
    announcer().announce(t('ways.recoverWorking'));
    try {
      if (await this.useCode(this.#code)) this.step = 'done';
      else this.#fail(t('ways.recoverUnknown'));
    } catch (error) {
      const isUnknown = error instanceof RequestError && error.code === 'passkey_refused';
      this.#fail(isUnknown ? t('ways.recoverUnknown') : ceremonyErrorText(error));
    }
  };

  #fail(text: string): void {
    this.step = 'asking';
    this.errors = [{ field: codeField, text }];
  }
}

customElements.define('gov-recover-page', RecoverPage);
