import { html, nothing, type TemplateResult } from 'lit';
import userPlus from 'lucide-static/icons/user-plus.svg?icon';
import type { Locale } from '../../server/protocol/locale.ts';
import type { Need } from '../../server/protocol/queue.ts';
import { fmt } from '../i18n/fmt.ts';
import { languageNames } from '../i18n/locale.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import '../ui/elapsed.ts';
import './after/call-after.css';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';

/** What an official should know of the person in front of him, and of his next one. */
export interface ConsoleFacts {
  /** Null while it rings. */
  readonly answeredAt: number | null;
  /** Null: not known here. */
  readonly language: Locale | null;
  readonly needs: readonly Need[];
  /** Start of the official's next appointment; null: none today. */
  readonly nextAppointmentAt: number | null;
}

const checks = ['console.checkFace', 'console.checkBirth', 'console.checkNumber'] as const;

/** The official's line above a call: time, language, needs, the check of identity, what comes next. */
export class CallConsole extends GovElement {
  static override properties = {
    facts: { attribute: false },
    source: { attribute: false },
    onInvite: { attribute: false },
    checked: { state: true },
  };
  declare facts: () => ConsoleFacts;
  /** When it changes, so may the facts; null: never. */
  declare source: Observable<unknown> | null;
  declare onInvite: () => void;
  /** Which of the checks were made: here only, kept nowhere. */
  declare checked: ReadonlySet<string>;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => (this.source === null ? [] : [this.source])));
    this.source = null;
    this.checked = new Set();
  }

  protected override render(): TemplateResult {
    const { answeredAt, language, needs, nextAppointmentAt } = this.facts();
    return html`<section class="call-console" aria-label=${t('console.title')}>
      <dl class="console-facts">
        ${answeredAt === null ? nothing : fact(t('console.duration'), html`<gov-elapsed .since=${answeredAt}></gov-elapsed>`)}
        ${language === null ? nothing : fact(t('console.language'), html`<span lang=${language}>${languageNames[language]}</span>`)}
        ${needs.length === 0 ? nothing : fact(t('needs.label'), needs.map((need) => t(`needs.${need}`)).join(', '))}
        ${nextAppointmentAt === null ? nothing : fact(t('console.next'), nextText(nextAppointmentAt))}
      </dl>
      <details class="console-identity">
        <summary>${t('console.identity', { done: this.checked.size, all: checks.length })}</summary>
        ${checks.map(
          (check) =>
            html`<label class="choice"><input type="checkbox" .checked=${this.checked.has(check)} @change=${() => this.#toggle(check)} /><span>${t(check)}</span></label>`,
        )}
        <p class="hint">${t('console.identityHint')}</p>
      </details>
      ${needs.includes('interpreter') || needs.includes('sign-language') ? html`<button class="button button-secondary" @click=${this.onInvite}>${userPlus}${t('console.inviteInterpreter')}</button>` : nothing}
    </section>`;
  }

  #toggle(check: string): void {
    const checked = new Set(this.checked);
    if (!checked.delete(check)) checked.add(check);
    this.checked = checked;
  }
}

function fact(name: string, value: unknown): TemplateResult {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function nextText(at: number): string {
  const left = at - Date.now();
  return left <= 0
    ? t('console.nextNow', { time: fmt.time(at) })
    : t('console.nextIn', { time: fmt.time(at), duration: fmt.duration(left) });
}

customElements.define('gov-call-console', CallConsole);
