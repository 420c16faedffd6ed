import type { ReactiveControllerHost } from 'lit';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { ceremonyErrorText } from './ceremony-error.ts';

/** One passkey ceremony at a time, with its state for the page: running, or what went wrong in words. */
export class Ceremony {
  readonly #host: ReactiveControllerHost;
  #waiting: string | null = null;
  #error: string | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
  }

  get running(): boolean {
    return this.#waiting !== null;
  }

  /** What the person is asked for, in words; null while nothing runs. */
  get waiting(): string | null {
    return this.#waiting;
  }

  get error(): string | null {
    return this.#error;
  }

  /** Call from a click: browsers open their dialog only then. The ceremony says when the device is about to ask a second time. */
  async run(ceremony: (onceMore: () => void) => Promise<unknown>): Promise<void> {
    if (this.running) return;
    this.#ask(t('account.signingIn'));
    try {
      await ceremony(() => this.#ask(t('account.onceMore')));
      this.#end(null);
    } catch (error) {
      this.#end(ceremonyErrorText(error));
    }
  }

  #ask(words: string): void {
    this.#waiting = words;
    this.#error = null;
    announcer().announce(words);
    this.#host.requestUpdate();
  }

  #end(error: string | null): void {
    this.#waiting = null;
    this.#error = error;
    this.#host.requestUpdate();
  }
}
