import { LitElement } from 'lit';
import { onLocaleChange } from '../i18n/translate.ts';

/** Something in a page could not be drawn; the shell shows the error page instead. */
export class PageErrorEvent extends Event {
  static readonly type = 'gov-page-error';
  readonly error: unknown;

  constructor(error: unknown) {
    super(PageErrorEvent.type, { bubbles: true, composed: true });
    this.error = error;
  }
}

/**
 * Base of every page and form: draws into the light DOM, so that labels, error summaries and autofill reach across
 * elements; draws again when the language changes; hands its own failure to the shell.
 */
export class GovElement extends LitElement {
  #stopListening: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopListening = onLocaleChange(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopListening?.();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override performUpdate(): void {
    try {
      super.performUpdate();
    } catch (error) {
      this.dispatchEvent(new PageErrorEvent(error));
      throw error;
    }
  }
}
