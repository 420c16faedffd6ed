import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import camera from 'lucide-static/icons/camera.svg?icon';
import { t } from '../i18n/translate.ts';
import { field } from '../ui/field.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { adoptHeading } from '../ui/page-title.ts';
import { WatchAll } from '../ui/watch.ts';
import { Act } from './act.ts';
import './add-device.css';
import './code-scanner.ts';
import { CodeReadEvent } from './code-scanner.ts';
import type { LetIn, LetInFailure, LetInState } from './let-in.ts';

const numberField = 'link-number';
const nameField = 'device-name';

const failureTexts = {
  'not-a-code': 'security.failNotACode',
  'not-found': 'security.failNotFound',
  over: 'security.failOver',
  refused: 'security.failRefused',
} as const satisfies Record<LetInFailure, string>;

/** Lets one new device into the account: its code is scanned, or its number typed and digits compared. */
export class AddDevicePage extends GovPage {
  static override properties = {
    open: { attribute: false },
    code: { attribute: false },
    scanner: { state: true },
    stopped: { state: true },
  };
  /** Begins to let one device in. */
  declare open: () => LetIn;
  /** What stood in the address, for whoever scanned the code with the phone's own camera; empty otherwise. */
  declare code: string;
  declare scanner: 'off' | 'on' | 'failed';
  /** Whether the person has just said no. */
  declare stopped: boolean;
  readonly #act = new Act(this);
  #opened: LetIn | null = null;
  #shown: LetInState['step'] = 'asking';

  constructor() {
    super();
    this.code = '';
    this.scanner = 'off';
    this.stopped = false;
    this.addController(new WatchAll(this, () => [this.#letIn.state]));
  }

  get #letIn(): LetIn {
    this.#opened ??= this.open();
    return this.#opened;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    const { step } = this.#letIn.state.value;
    if (step === 'connecting' || step === 'deciding') void this.#letIn.cancel();
  }

  protected override firstUpdated(): void {
    if (this.code === '') return;
    // It is good for one time, and no business of the browser's history.
    history.replaceState(history.state, '', location.pathname);
    void this.#begin(this.code);
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { step } = this.#letIn.state.value;
    if (step === this.#shown) return;
    this.#shown = step;
    adoptHeading(this)?.focus();
  }

  protected override render(): TemplateResult {
    const state = this.#letIn.state.value;
    if (state.step === 'asking') return this.#asking(state.failure);
    if (state.step === 'deciding') return this.#deciding(state);
    if (state.step === 'done') return done(state.label);
    const text = state.step === 'connecting' ? t('security.addConnecting') : t('security.adding');
    return html`<h1>${t('security.addTitle')}</h1>
      <p class="lead">${text}</p>
      ${state.step === 'connecting' ? this.#stopRow() : nothing}`;
  }

  #asking(failure: LetInFailure | null): TemplateResult {
    return html`<p>
        <a class="back-link" href=${href('/account/security')}>${arrowLeft}${t('security.back')}</a>
      </p>
      ${failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${t(failureTexts[failure])}</p>`, outcome: true })}
      ${this.stopped ? notice({ kind: 'info', body: html`<p>${t('security.stopped')}</p>`, outcome: true }) : this.#act.render()}
      <h1>${t('security.addTitle')}</h1>
      <ol class="steps">
        <li>${t('security.addStepOpen', { address: `${location.host}${href('/link')}` })}</li>
        <li>${t('security.addStepShow')}</li>
        <li>${t('security.addStepScan')}</li>
      </ol>
      <div class="add-device-ways">
      <div>${this.#scanning()}</div>
      <form @submit=${this.#submit} novalidate>
        ${field(
          { id: numberField, label: t('security.addLabel'), hint: t('security.addHint') },
          ({ id, describedBy }) => html`<input class="input" id=${id} autocomplete="off" aria-describedby=${describedBy} />`,
        )}
        <p class="button-row"><button class="button" aria-disabled=${this.#act.disabled}>${t('security.goOn')}</button></p>
      </form>
      </div>`;
  }

  #scanning(): TemplateResult {
    if (this.scanner === 'on') {
      return html`<div class="card" @gov-code-read=${this.#read} @gov-camera-failed=${this.#cameraFailed}>
        <gov-code-scanner></gov-code-scanner>
        <p class="button-row"><button class="button button-secondary" @click=${this.#cameraOff}>${t('security.scanStop')}</button></p>
      </div>`;
    }
    return html`${this.scanner === 'failed' ? notice({ kind: 'warning', body: html`<p>${t('security.scanFailed')}</p>`, outcome: true }) : nothing}
      <p><button class="button button-secondary" @click=${this.#cameraOn}>${camera}${t('security.scan')}</button></p>`;
  }

  #deciding({ digits, suggestedLabel }: LetInState & { step: 'deciding' }): TemplateResult {
    return html`<h1>${digits === null ? t('security.decideScanned') : t('security.decideDigits')}</h1>
      ${this.#act.render()}
      ${
        digits === null
          ? html`<p class="lead">${t('security.decideScannedText')}</p>`
          : html`<p class="figure link-digits">${digits.replaceAll(/.{3}(?=.)/g, '$& ')}</p>
            <p class="lead">${t('security.decideDigitsText')}</p>`
      }
      <form @submit=${this.#admit} novalidate>
        ${field(
          { id: nameField, label: t('security.deviceNameLabel'), hint: t('security.nameHint'), optional: true },
          ({ id, describedBy }) =>
            html`<input class="input" id=${id} maxlength="32" autocomplete="off" aria-describedby=${describedBy} .defaultValue=${suggestedLabel} />`,
        )}
        <p class="button-row">
          <button class="button" aria-disabled=${this.#act.disabled}>
            ${digits === null ? t('security.decideAdd') : t('security.decideSame')}
          </button>
          <button class="button button-secondary" type="button" @click=${this.#stop}>${t('security.decideDiffer')}</button>
        </p>
      </form>`;
  }

  #stopRow(): TemplateResult {
    return html`<p class="button-row"><button class="button button-secondary" @click=${this.#stop}>${t('ui.cancel')}</button></p>`;
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    await this.#begin(this.querySelector<HTMLInputElement>(`#${numberField}`)?.value ?? '');
  };

  readonly #read = async (event: Event): Promise<void> => {
    this.scanner = 'off';
    if (event instanceof CodeReadEvent) await this.#begin(event.text);
  };

  async #begin(text: string): Promise<void> {
    this.stopped = false;
    await this.#act.run(async () => await this.#letIn.begin(text), null);
  }

  readonly #admit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const label = this.querySelector<HTMLInputElement>(`#${nameField}`)?.value.trim() ?? '';
    await this.#act.run(async () => await this.#letIn.admit(label), null);
  };

  /** Not an act of its own: it may end one that is running. */
  readonly #stop = (): void => {
    this.stopped = true;
    void this.#letIn.cancel();
  };

  readonly #cameraOn = (): void => {
    this.scanner = 'on';
  };

  readonly #cameraOff = (): void => {
    this.scanner = 'off';
  };

  readonly #cameraFailed = (): void => {
    this.scanner = 'failed';
  };
}

function done(label: string): TemplateResult {
  return html`<h1>${t('security.addedTitle')}</h1>
    <p class="lead">${t('security.addedText', { name: label === '' ? t('security.kindBrowser') : label })}</p>
    <p class="button-row"><a class="button" href=${href('/account/security')}>${t('security.back')}</a></p>`;
}

customElements.define('gov-add-device-page', AddDevicePage);
