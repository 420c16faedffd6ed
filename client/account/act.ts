import { html, nothing, type ReactiveControllerHost, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { notice } from '../ui/notice.ts';
import { ceremonyErrorText } from './ceremony-error.ts';

interface Outcome {
  readonly kind: 'success' | 'danger';
  readonly text: string;
}

/** One thing at a time that a person does on a card, and how it went, in words. */
export class Act {
  readonly #host: ReactiveControllerHost;
  #waiting: string | null = null;
  #outcome: Outcome | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
  }

  /** For `aria-disabled` of what must not be pressed meanwhile. */
  get disabled(): 'true' | typeof nothing {
    return this.#waiting === null ? nothing : 'true';
  }

  /** Whether it was done. `done`: what is said then; null: the page shows it itself. */
  async run<Value>(work: () => Promise<Value>, done: ((value: Value) => string) | null): Promise<boolean> {
    if (this.#waiting !== null) return false;
    this.say(t('security.working'));
    try {
      const value = await work();
      this.#show(done === null ? null : { kind: 'success', text: done(value) });
      return true;
    } catch (error) {
      this.#show({ kind: 'danger', text: ceremonyErrorText(error) });
      return false;
    }
  }

  /** What is going on now, or what the person is to do for it. */
  say(text: string): void {
    this.#waiting = text;
    this.#outcome = null;
    this.#host.requestUpdate();
    announcer().announce(text);
  }

  render(): TemplateResult | typeof nothing {
    if (this.#waiting !== null) return html`<p class="muted">${this.#waiting}</p>`;
    if (this.#outcome === null) return nothing;
    return notice({ kind: this.#outcome.kind, body: html`<p>${this.#outcome.text}</p>`, outcome: true });
  }

  #show(outcome: Outcome | null): void {
    this.#waiting = null;
    this.#outcome = outcome;
    this.#host.requestUpdate();
  }
}
