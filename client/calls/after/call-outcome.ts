import { html, nothing, type TemplateResult } from 'lit';
import { limits } from '../../../server/protocol/limits.ts';
import { t } from '../../i18n/translate.ts';
import { field } from '../../ui/field.ts';
import { GovPage } from '../../ui/gov-page.ts';
import { href } from '../../ui/navigate.ts';
import { notice } from '../../ui/notice.ts';
import './call-after.css';

const outcomes = ['settled', 'papers', 'answer'] as const;
type Outcome = (typeof outcomes)[number];
const beginnings = { settled: 'console.beginSettled', papers: 'console.beginPapers', answer: 'console.beginAnswer' } as const;

/** After a call, for the official: what was agreed goes into the conversation, sealed; then the next person. */
export class CallOutcome extends GovPage {
  static override properties = {
    endedText: { attribute: false },
    messages: { attribute: false },
    conversationPath: { attribute: false },
    save: { attribute: false },
    outcome: { state: true },
    text: { state: true },
    error: { state: true },
    isSaved: { state: true },
  };
  /** How the call ended, and how long it was. */
  declare endedText: string;
  /** Draws the conversation. */
  declare messages: () => TemplateResult;
  declare conversationPath: string;
  /** Resolves when it is safe in the outbox. */
  declare save: (text: string) => Promise<void>;
  declare outcome: Outcome | null;
  declare text: string;
  declare error: string | null;
  declare isSaved: boolean;

  constructor() {
    super();
    this.outcome = null;
    this.text = '';
    this.error = null;
    this.isSaved = false;
  }

  protected override render(): TemplateResult {
    return html`<div class="call-after">
      <div class="call-after-main">
        <h1>${t('calls.endedTitle')}</h1>
        <p>${this.endedText}</p>
        ${this.isSaved ? notice({ kind: 'success', body: html`<p>${t('console.saved')}</p>`, outcome: true }) : this.#form()}
        <h2>${t('console.nextTitle')}</h2>
        <p class="button-row">
          <a class=${this.isSaved ? 'button' : 'button button-secondary'} href=${href('/queue')}>${t('console.toLine')}</a>
          <a class="button button-secondary" href=${href(this.conversationPath)}>${t('calls.toConversation')}</a>
        </p>
      </div>
      <section class="call-after-beside" aria-label=${t('calls.conversation')}>${this.messages()}</section>
    </div>`;
  }

  #form(): TemplateResult {
    return html`<form novalidate @submit=${this.#submit}>
      <fieldset class="choices">
        <legend>${t('console.outcome')}</legend>
        ${outcomes.map(
          (outcome) =>
            html`<label class="choice"><input type="radio" name="outcome" .checked=${outcome === this.outcome} @change=${() => this.#begin(outcome)} /><span>${t(`console.${outcome}`)}</span></label>`,
        )}
      </fieldset>
      ${field(
        { id: 'agreed', label: t('console.agreed'), hint: t('console.agreedHint'), error: this.error ?? undefined },
        ({ id, describedBy, invalid }) =>
          html`<textarea class="input" id=${id} rows="5" maxlength=${limits.textCharacters} aria-describedby=${describedBy} aria-invalid=${invalid} .value=${this.text} @input=${this.#onInput}></textarea>`,
      )}
      <button class="button">${t('console.save')}</button>
      ${this.text === '' ? html`<p class="hint">${t('console.without')}</p>` : nothing}
    </form>`;
  }

  /** A sentence to begin with, as long as nothing of one's own stands there. */
  #begin(outcome: Outcome): void {
    this.outcome = outcome;
    const written = this.text.trim();
    const isOwn = written !== '' && !outcomes.some((each) => written === t(beginnings[each]));
    if (!isOwn) this.text = `${t(beginnings[outcome])} `;
  }

  readonly #onInput = ({ target }: Event): void => {
    if (target instanceof HTMLTextAreaElement) this.text = target.value;
    this.error = null;
  };

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const text = this.text.trim();
    if (text === '') {
      this.error = t('console.agreedMissing');
      await this.updateComplete;
      this.querySelector<HTMLElement>('#agreed')?.focus();
      return;
    }
    await this.save(text);
    this.isSaved = true;
  };
}

customElements.define('gov-call-outcome', CallOutcome);
