import { html, nothing, type ReactiveControllerHost, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { notice } from '../ui/notice.ts';
import { ceremonyErrorText } from './ceremony-error.ts';

/** One thing at a time that a person does on a card, and how it went, in words. */
export class Act {
  readonly #host: ReactiveControllerHost;
  #running = false;
  #outcome: { readonly kind: 'success' | 'danger'; readonly text: string } | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
  }

  get running(): boolean {
    return this.#running;
  }

  /** For `aria-disabled` of what must not be pressed meanwhile. */
  get disabled(): 'true' | typeof nothing {
    return this.#running ? 'true' : nothing;
  }

  /** Whether it was done. `done`: what is said then; null: the page shows it itself. */
  async run<Value>(work: () => Promise<Value>, done: ((value: Value) => string) | null): Promise<boolean> {
    if (this.#running) return false;
    this.#show(true, null);
    announcer().announce(t('security.working'));
    try {
      const value = await work();
      this.#show(false, done === null ? null : { kind: 'success', text: done(value) });
      return true;
    } catch (error) {
      this.#show(false, { kind: 'danger', text: ceremonyErrorText(error) });
      return false;
    }
  }

  render(): TemplateResult | typeof nothing {
    if (this.#outcome === null) return nothing;
    return notice({ kind: this.#outcome.kind, body: html`<p>${this.#outcome.text}</p>`, outcome: true });
  }

  #show(running: boolean, outcome: { readonly kind: 'success' | 'danger'; readonly text: string } | null): void {
    this.#running = running;
    this.#outcome = outcome;
    this.#host.requestUpdate();
  }
}
