import type { QueueEntryView } from '../../server/protocol/queue.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import type { ServerClock } from '../net/server-clock.ts';
import { secondsLeft } from './turn-words.ts';

const tickMs = 1_000;
/** Said aloud when so many seconds are left, and not in between. */
const saidAt = [30, 10];

/** How long somebody who is called can still answer: written each second, said twice. */
export class AnswerClock extends GovElement {
  static override properties = { entry: { attribute: false }, clock: { attribute: false }, speaks: { attribute: false } };
  declare entry: QueueEntryView;
  declare clock: ServerClock;
  /** Of two on one page, one speaks. */
  declare speaks: boolean;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.speaks = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override render(): string {
    return t('queue.secondsLeft', { count: secondsLeft(this.entry, this.clock.now()) });
  }

  #tick(): void {
    this.requestUpdate();
    const count = secondsLeft(this.entry, this.clock.now());
    if (this.speaks && saidAt.includes(count)) announcer().announce(t('queue.secondsLeft', { count }));
  }
}

customElements.define('gov-answer-clock', AnswerClock);
