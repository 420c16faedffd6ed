import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import printer from 'lucide-static/icons/printer.svg?icon';
import { CryptoError, equalBytes } from '../../server/protocol/sodium.ts';
import { createRecoveryCode, deviceOfRecoveryCode } from '../crypto/recovery-code.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import '../ui/error-summary.ts';
import type { FieldError } from '../ui/error-summary.ts';
import { field } from '../ui/field.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { adoptHeading } from '../ui/page-title.ts';
import '../ui/qr-code.ts';
import { Act } from './act.ts';
import { askChoice } from './ask-dialogs.ts';
import type { MyDevices } from './my-devices.ts';
import './recovery-code.css';

const typedField = 'typed-code';

/**
 * A new recovery code: shown once, typed again from the paper or knowingly not, and only then put into the account. Whoever goes away
 * before has changed nothing.
 */
export class RecoveryCodePage extends GovPage {
  static override properties = {
    devices: { attribute: false },
    next: { attribute: false },
    step: { state: true },
    errors: { state: true },
  };
  declare devices: MyDevices;
  /** Where the person was on the way to; null: the security page. */
  declare next: string | null;
  declare step: 'show' | 'check' | 'saved';
  declare errors: readonly FieldError[];
  readonly #act = new Act(this);
  readonly #code = createRecoveryCode();
  readonly #madeAt = Date.now();

  constructor() {
    super();
    this.next = null;
    this.step = 'show';
    this.errors = [];
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    if (changed.get('step') !== undefined) adoptHeading(this)?.focus();
  }

  protected override render(): TemplateResult {
    if (this.step === 'show') return this.#show();
    return this.step === 'check' ? this.#check() : this.#saved();
  }

  #show(): TemplateResult {
    const earlier = this.devices.state.value.devices.find(({ kind }) => kind === 'recovery');
    return html`<p>
        <a class="back-link" href=${href('/account/security')}>${arrowLeft}${t('security.back')}</a>
      </p>
      <h1>${t('security.codeTitle')}</h1>
      <p class="lead">${t('security.codeLead')}</p>
      ${earlier ? html`<p>${t('security.codeReplaces', { date: fmt.date(earlier.addedAt) })}</p>` : nothing}
      <div class="card recovery-sheet">
        <p class="recovery-groups">${this.#code.text.split('-').map((group) => html`<span>${group}</span> `)}</p>
        <gov-qr-code .text=${this.#code.text} .label=${t('security.codeQr')}></gov-qr-code>
        <p class="muted">
          ${t('security.sheetMade', { date: fmt.date(this.#madeAt) })}<br />
          ${t('security.sheetUse', { address: `${location.host}${href('/recover')}` })}
        </p>
      </div>
      <p>${t('security.codeNotYet')}</p>
      <p class="button-row">
        <button class="button" @click=${this.#goOn}>${t('security.codeHave')}</button>
        <button class="button button-secondary" @click=${() => window.print()}>${printer}${t('security.codePrint')}</button>
      </p>`;
  }

  #check(): TemplateResult {
    const error = this.errors.find((each) => each.field === typedField)?.text;
    return html`<gov-error-summary .errors=${this.errors}></gov-error-summary>
      <h1>${t('security.checkTitle')}</h1>
      ${this.#act.render()}
      <p class="lead">${t('security.checkLead')}</p>
      <form @submit=${this.#save} novalidate>
        ${field(
          { id: typedField, label: t('security.checkLabel'), hint: t('security.checkHint'), error },
          ({ id, describedBy, invalid }) =>
            html`<textarea class="input recovery-typed" id=${id} rows="2" autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby=${describedBy} aria-invalid=${invalid}></textarea>`,
        )}
        <p class="button-row">
          <button class="button" aria-disabled=${this.#act.disabled}>${t('security.checkSave')}</button>
          <button class="button button-secondary" type="button" @click=${this.#goBack}>${t('security.checkBack')}</button>
          <button class="button button-quiet" type="button" aria-disabled=${this.#act.disabled} @click=${this.#skip}>
            ${t('security.checkSkip')}
          </button>
        </p>
      </form>`;
  }

  #saved(): TemplateResult {
    return html`<h1>${t('security.codeSavedTitle')}</h1>
      <p class="lead">${t('security.codeSavedText')}</p>
      <p class="button-row">
        <a class="button" href=${href(this.next ?? '/account/security')}>${this.next === null ? t('security.back') : t('security.goOn')}</a>
      </p>`;
  }

  readonly #goOn = (): void => {
    this.step = 'check';
  };

  readonly #goBack = (): void => {
    this.errors = [];
    this.step = 'show';
  };

  readonly #save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const typed = this.querySelector('textarea')?.value ?? '';
    this.errors = this.#isRight(typed) ? [] : [{ field: typedField, text: t('security.checkWrong') }];
    if (this.errors.length === 0) await this.#put();
  };

  readonly #skip = async (): Promise<void> => {
    const skip = { value: 'skip', label: t('security.checkSkip') };
    const answer = await askChoice({ heading: `${t('security.checkSkip')}?`, text: t('security.checkSkipText'), choices: [skip] });
    if (answer === 'skip') await this.#put();
  };

  async #put(): Promise<void> {
    if (await this.#act.run(async () => await this.devices.saveRecoveryCode(this.#code.device), null)) this.step = 'saved';
  }

  #isRight(typed: string): boolean {
    try {
      return equalBytes(deviceOfRecoveryCode(typed).deviceId, this.#code.device.deviceId);
    } catch (error) {
      if (error instanceof CryptoError) return false;
      throw error;
    }
  }
}

customElements.define('gov-recovery-code-page', RecoveryCodePage);
