import type { ReactiveControllerHost } from 'lit';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { ceremonyErrorText } from './ceremony-error.ts';

/** One passkey ceremony at a time, with its state for the page: running, or what went wrong in words. */
export class Ceremony {
  readonly #host: ReactiveControllerHost;
  #running = false;
  #error: string | null = null;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
  }

  get running(): boolean {
    return this.#running;
  }

  get error(): string | null {
    return this.#error;
  }

  /** Call from a click: browsers open their dialog only then. */
  async run(ceremony: () => Promise<unknown>): Promise<void> {
    if (this.#running) return;
    this.#show(true, null);
    announcer().announce(t('account.signingIn'));
    try {
      await ceremony();
      this.#show(false, null);
    } catch (error) {
      this.#show(false, ceremonyErrorText(error));
    }
  }

  #show(running: boolean, error: string | null): void {
    this.#running = running;
    this.#error = error;
    this.#host.requestUpdate();
  }
}
