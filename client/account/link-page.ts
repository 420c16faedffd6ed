import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import keyRound from 'lucide-static/icons/key-round.svg?icon';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { adoptHeading } from '../ui/page-title.ts';
import '../ui/qr-code.ts';
import { WatchAll } from '../ui/watch.ts';
import './account.css';
import { Ceremony } from './ceremony.ts';
import { ceremonyErrorText } from './ceremony-error.ts';
import type { DeviceJoining, JoiningFailure, JoiningState } from './device-joining.ts';
import './link-page.css';
import type { Closable, SessionState } from './session.ts';

const failureTexts = {
  over: 'ways.failOver',
  refused: 'ways.failRefused',
  'other-account': 'ways.failOtherAccount',
  'not-open': 'ways.failNotOpen',
} as const satisfies Record<JoiningFailure, string>;

/** This browser as a new device of an account: shows the code that another device reads, and waits to be let in. */
export class LinkPage extends GovPage {
  static override properties = {
    session: { attribute: false },
    join: { attribute: false },
    joining: { state: true },
    failure: { state: true },
  };
  declare session: Observable<SessionState<Closable>>;
  /** A new link, one for each code that is shown. */
  declare join: () => DeviceJoining;
  declare joining: DeviceJoining | null;
  declare failure: string | null;
  readonly #ceremony = new Ceremony(this);
  #shown: JoiningState['step'] | null = null;

  constructor() {
    super();
    this.joining = null;
    this.failure = null;
    this.addController(new WatchAll(this, () => [this.session, ...(this.joining ? [this.joining.state] : [])]));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    void this.joining?.cancel();
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { state } = this.session.value;
    // Whether somebody is signed in here decides which account it may be.
    if (this.joining === null && this.failure === null && (state === 'signed-out' || state === 'no-keys')) void this.#begin();
    const step = this.joining?.state.value.step ?? null;
    if (step === this.#shown) return;
    const isFirst = this.#shown === null || this.#shown === 'preparing';
    this.#shown = step;
    if (!isFirst || step === 'failed') adoptHeading(this)?.focus();
  }

  protected override render(): TemplateResult {
    if (this.failure !== null) return failed(this.failure, this.#again);
    if (this.joining === null) return this.session.value.state === 'signed-in' ? already() : preparing();
    return this.#step(this.joining.state.value);
  }

  #step(state: JoiningState): TemplateResult {
    if (state.step === 'preparing') return preparing();
    if (state.step === 'showing') return showing(state);
    if (state.step === 'comparing') return this.#comparing(state.digits);
    if (state.step === 'passkey') return this.#passkey();
    if (state.step === 'done') return already();
    if (state.step === 'failed') return failed(t(failureTexts[state.failure]), this.#again);
    return html`<h1>${t('ways.linkTitle')}</h1>
      <p class="lead loading">${state.step === 'waiting' ? t('ways.linkWaiting') : t('ways.linkOpening')}</p>`;
  }

  #comparing(digits: string): TemplateResult {
    return html`<div class="sign-in">
      <h1>${t('ways.linkCompare')}</h1>
      <p class="figure link-figure">${digits.replaceAll(/.{3}(?=.)/g, '$& ')}</p>
      <p class="lead">${t('ways.linkCompareText')}</p>
      <p class="button-row">
        <button class="button" @click=${this.#confirm}>${t('ways.linkSame')}</button>
        <button class="button button-secondary" @click=${this.#differ}>${t('ways.linkDiffer')}</button>
      </p>
    </div>`;
  }

  #passkey(): TemplateResult {
    const { running, waiting, error } = this.#ceremony;
    return html`<div class="sign-in">
      <h1>${t('ways.linkPasskeyTitle')}</h1>
      <p class="lead">${t('ways.linkPasskeyText')}</p>
      ${error === null ? nothing : notice({ kind: 'danger', body: html`<p>${error}</p>`, outcome: true })}
      <p>
        <button class="button sign-in-button" aria-disabled=${running ? 'true' : nothing} @click=${this.#createPasskey}>
          ${keyRound}${t('account.firstTimeButton')}
        </button>
      </p>
      ${waiting === null ? nothing : html`<p class="muted">${waiting}</p>`}
    </div>`;
  }

  async #begin(): Promise<void> {
    const joining = this.join();
    this.joining = joining;
    try {
      await joining.begin();
    } catch (error) {
      this.joining = null;
      this.failure = ceremonyErrorText(error);
    }
  }

  readonly #again = (): void => {
    this.failure = null;
    void this.#begin();
  };

  readonly #confirm = (): void => void this.joining?.confirm();

  readonly #differ = (): void => {
    void this.joining?.cancel();
    this.failure = t('ways.failRefused');
  };

  readonly #createPasskey = (): void => void this.#ceremony.run(async (onceMore) => await this.joining?.createPasskey(onceMore));
}

function preparing(): TemplateResult {
  return html`<h1>${t('ways.linkTitle')}</h1><p class="loading">${t('ways.linkPreparing')}</p>`;
}

function showing({ code, number, expiresAt }: JoiningState & { step: 'showing' }): TemplateResult {
  const digits = number.replaceAll(/.{4}(?=.)/g, '$& ');
  return html`<div class="link-page">
    <h1>${t('ways.linkTitle')}</h1>
    <ol class="steps">
      <li>${t('ways.linkStepOpen', { account: t('account.meTitle'), page: t('security.pageTitle') })}</li>
      <li>${t('ways.linkStepAdd', { button: t('security.deviceAdd') })}</li>
      <li>${t('ways.linkStepScan')}</li>
    </ol>
    <gov-qr-code .text=${`${location.origin}${href('/account/add-device')}#${code}`} .label=${t('ways.linkQr')}></gov-qr-code>
    <p class="label">${t('ways.linkNumber')}</p>
    <p class="figure link-figure">${digits}</p>
    <p class="muted">${t('ways.linkUntil', { time: fmt.time(expiresAt) })}</p>
    <details class="more">
      <summary>${t('ways.linkText')}</summary>
      <p class="link-code">${code}</p>
    </details>
  </div>`;
}

function already(): TemplateResult {
  return html`<div class="prose">
    <h1>${t('ways.alreadyTitle')}</h1>
    <p class="lead">${t('ways.alreadyText')}</p>
    <p class="button-row"><a class="button" href=${href('/sign-in')}>${t('ways.goOn')}</a></p>
  </div>`;
}

function failed(text: string, again: () => void): TemplateResult {
  return html`<div class="prose">
    <h1>${t('ways.failTitle')}</h1>
    <p class="lead">${text}</p>
    <p class="button-row">
      <button class="button" @click=${again}>${t('ways.linkAgain')}</button>
      <a class="button button-secondary" href=${href('/cannot-sign-in')}>${t('ways.back')}</a>
    </p>
  </div>`;
}

customElements.define('gov-link-page', LinkPage);
