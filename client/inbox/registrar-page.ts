import { html, nothing, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import type { ResetId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { badge } from '../ui/badge.ts';
import { confirmDialog } from '../ui/dialog.ts';
import '../ui/error-summary.ts';
import type { FieldError } from '../ui/error-summary.ts';
import { field } from '../ui/field.ts';
import { GovPage } from '../ui/gov-page.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import type { OpenReset, Registrar } from './registrar.ts';
import './team.css';

/** Where registrars vouch for people who have lost all keys: the list of requests, or the one that is open. */
export class RegistrarPage extends GovPage {
  static override properties = {
    registrar: { attribute: false },
    openId: { state: true },
    errors: { state: true },
    outcome: { state: true },
    busy: { state: true },
  };
  declare registrar: Registrar;
  declare openId: ResetId | null;
  declare errors: readonly FieldError[];
  declare outcome: { readonly kind: 'success' | 'danger'; readonly text: () => string } | null;
  declare busy: boolean;

  constructor() {
    super();
    this.openId = null;
    this.errors = [];
    this.outcome = null;
    this.busy = false;
    this.addController(new WatchAll(this, () => [this.registrar.state]));
  }

  protected override firstUpdated(): void {
    void this.registrar.refresh();
  }

  protected override render(): TemplateResult {
    const { phase, failure, requests } = this.registrar.state.value;
    if (phase === 'outside')
      return html`<div class="prose"><h1>${t('registrar.outsideTitle')}</h1><p class="lead">${t('registrar.outsideText')}</p></div>`;
    const open = requests.find(({ resetId }) => resetId === this.openId);
    return html`<div class="team">
      <gov-error-summary .errors=${this.errors}></gov-error-summary>
      ${failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${failure === 'unverified' ? t('registrar.badSignature') : errorText(failure)}</p>` })}
      <h1>${t('registrar.title')}</h1>
      ${this.outcome === null ? nothing : notice({ kind: this.outcome.kind, body: html`<p>${this.outcome.text()}</p>`, outcome: true })}
      ${phase === 'loading' ? html`<p class="loading">${t('registrar.loading')}</p>` : open ? this.#request(open) : this.#list(requests)}
    </div>`;
  }

  #list(requests: readonly OpenReset[]): TemplateResult {
    return html`<p class="lead">${t('registrar.lead')}</p>
      ${this.#finder()}
      <section aria-labelledby="registrar-requests">
        <h2 id="registrar-requests">${t('registrar.requestsTitle')}</h2>
        ${requests.length === 0 ? html`<p class="muted">${t('registrar.requestsNone')}</p>` : nothing}
        <ul class="plain team-list">
          ${requests.map(
            (reset) => html`<li class="card team-person">
            <h3>${titleOf(reset)}</h3>
            <p class="meta">${t('registrar.requestedAt', { when: fmt.dateTime(reset.requestedAt) })}</p>
            ${stateOf(reset)}
            <p class="button-row">
              <button class="button button-secondary" @click=${() => this.#open(reset.resetId)}>
                ${t('registrar.look')}<span class="visually-hidden">: ${titleOf(reset)}</span>
              </button>
            </p>
          </li>`,
          )}
        </ul>
      </section>`;
  }

  #finder(): TemplateResult {
    return html`<section aria-labelledby="registrar-find">
      <h2 id="registrar-find">${t('registrar.findTitle')}</h2>
      <form @submit=${this.#find} novalidate>
        ${field(
          { id: 'reset-number', label: t('registrar.findLabel'), hint: t('registrar.findHint'), error: this.errors[0]?.text },
          ({ id, describedBy, invalid }) =>
            html`<input class="input" id=${id} inputmode="numeric" autocomplete="off" maxlength="11" aria-describedby=${describedBy} aria-invalid=${invalid} />`,
        )}
        <p class="button-row"><button class="button" aria-disabled=${this.busy ? 'true' : nothing}>${t('registrar.findButton')}</button></p>
      </form>
    </section>`;
  }

  #request(reset: OpenReset): TemplateResult {
    const back = (): void => {
      this.openId = null;
      this.outcome = null;
    };
    return html`<p><button class="button button-quiet" @click=${back}>${arrowLeft}${t('registrar.backToList')}</button></p>
      <section aria-labelledby="registrar-open">
        <h2 id="registrar-open" tabindex="-1">${titleOf(reset)}</h2>
        <p class="meta">${t('registrar.requestedAt', { when: fmt.dateTime(reset.requestedAt) })}</p>
        ${stateOf(reset)} ${this.#next(reset)}
        <p class="button-row"><button class="button button-danger" @click=${() => void this.#refuse(reset)}>${t('registrar.refuse')}</button></p>
      </section>`;
  }

  /** What there is to be done about it, by this registrar, now. */
  #next(reset: OpenReset): TemplateResult | typeof nothing {
    if (reset.accountId === null) return notice({ kind: 'warning', body: html`<p>${t('registrar.unknownReference')}</p>` });
    if (reset.isOwn) return notice({ kind: 'info', body: html`<p>${t('registrar.own')}</p>` });
    if (reset.number === null) return notice({ kind: 'info', body: html`<p>${t('registrar.noDraft')}</p>` });
    if (reset.hasBadSignature) return notice({ kind: 'danger', body: html`<p>${t('registrar.badSignature')}</p>` });
    if (reset.notBefore !== null || reset.isSignedByMe) return nothing;
    return html`<div class="card">
        <h3>${t('registrar.number')}</h3>
        <p class="figures registrar-number">${reset.number}</p>
        <p class="hint">${t('registrar.numberHint')}</p>
      </div>
      <form @submit=${(event: SubmitEvent) => this.#submit(event, reset)}>
        <fieldset class="choices">
          <legend>${t('registrar.checksTitle')}</legend>
          ${check(t('registrar.checkIdentity'))} ${check(t('registrar.checkCase'))} ${check(t('registrar.checkNumber'))}
        </fieldset>
        <p class="button-row"><button class="button" aria-disabled=${this.busy ? 'true' : nothing}>${t('registrar.attest')}</button></p>
      </form>`;
  }

  readonly #find = (event: SubmitEvent): void => {
    event.preventDefault();
    const number = this.querySelector<HTMLInputElement>('#reset-number')?.value.replaceAll(/\D/gu, '') ?? '';
    this.errors = number.length === 8 ? [] : [{ field: 'reset-number', text: t('registrar.findMissing') }];
    if (number.length === 8) void this.#look(number);
  };

  async #look(number: string): Promise<void> {
    this.busy = true;
    this.outcome = null;
    try {
      this.#open(await this.registrar.find(number));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.errors = [{ field: 'reset-number', text: error.code === 'not_found' ? t('registrar.findNothing') : errorText(error.code) }];
    } finally {
      this.busy = false;
    }
  }

  #open(resetId: ResetId): void {
    this.openId = resetId;
    this.outcome = null;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#registrar-open')?.focus());
  }

  #submit(event: SubmitEvent, reset: OpenReset): void {
    event.preventDefault();
    void this.#attest(reset);
  }

  async #attest(reset: OpenReset): Promise<void> {
    const question = { heading: t('registrar.attestTitle'), text: t('registrar.attestText'), confirm: t('registrar.attest') };
    if (this.busy || !(await confirmDialog(question))) return;
    await this.#run(
      async () => await this.registrar.attest(reset),
      () => t('registrar.attested'),
    );
  }

  async #refuse({ resetId }: OpenReset): Promise<void> {
    const question = { heading: t('registrar.refuseTitle'), text: t('registrar.refuseText'), confirm: t('registrar.refuse'), danger: true };
    if (this.busy || !(await confirmDialog(question))) return;
    await this.#run(
      async () => await this.registrar.refuse(resetId),
      () => t('registrar.refused'),
    );
  }

  async #run(work: () => Promise<void>, done: () => string): Promise<void> {
    this.busy = true;
    this.outcome = null;
    try {
      await work();
      this.outcome = { kind: 'success', text: done };
    } catch (error) {
      if (!(error instanceof RequestError) && !(error instanceof CryptoError)) throw error;
      const text = () => (error instanceof CryptoError || error.code === 'conflict' ? t('registrar.moved') : errorText(error.code));
      this.outcome = { kind: 'danger', text };
    } finally {
      this.busy = false;
    }
  }
}

function check(words: string): TemplateResult {
  return html`<label class="choice"><input type="checkbox" required /> <span>${words}</span></label>`;
}

function titleOf({ about }: OpenReset): string {
  return about === null ? t('registrar.requestSignedIn') : t('registrar.requestAbout', { reference: about });
}

function stateOf({ signedBy, notBefore, number }: OpenReset): TemplateResult {
  const names = signedBy.map(({ displayName }) => displayName).join(', ');
  return html`<p>${badge(notBefore === null ? 'watch' : 'ok', t('registrar.signatures', { count: signedBy.length }))}</p>
    ${signedBy.length === 0 ? nothing : html`<p>${t('registrar.signedBy', { names })}</p>`}
    ${notBefore !== null ? html`<p>${t('registrar.notBefore', { when: fmt.dateTime(notBefore) })}</p>` : nothing}
    ${notBefore === null && signedBy.length === 1 && number !== null ? html`<p>${t('registrar.waitsForSecond')}</p>` : nothing}`;
}

customElements.define('gov-registrar-page', RegistrarPage);
