import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import forward from 'lucide-static/icons/forward.svg?icon';
import type { MessageId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { KnownOffices } from '../i18n/office-names.ts';
import { locale, t } from '../i18n/translate.ts';
import { type Observable, waitUntil } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { navigate } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Conversation } from './conversation.ts';
import { askTransfer, type Transfer } from './transfer-dialog.ts';

/** Hands the case that is open to another office. */
export class TransferButton extends GovElement {
  static override properties = {
    conversation: { attribute: false },
    offices: { attribute: false },
    failure: { state: true },
    busy: { state: true },
  };
  declare conversation: Conversation;
  declare offices: Observable<KnownOffices>;
  declare failure: (() => string) | null;
  declare busy: boolean;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.conversation.state, this.offices]));
    this.failure = null;
    this.busy = false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('conversation')) this.failure = null;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { view } = this.conversation.state.value;
    if (view === null || view.state === 'closed' || this.#others().length === 0) return nothing;
    return html`<p><button class="button button-quiet" aria-disabled=${this.busy ? 'true' : nothing} @click=${() => void this.#ask()}>
        ${forward}${t('inbox.transfer')}
      </button></p>
      ${this.failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.failure()}</p>`, outcome: true })}`;
  }

  #others() {
    const { view } = this.conversation.state.value;
    return this.offices.value.offices?.filter(({ inboxId }) => inboxId !== view?.inboxId) ?? [];
  }

  async #ask(): Promise<void> {
    if (this.busy) return;
    const transfer = await askTransfer(this.#others());
    if (transfer === null) return;
    this.busy = true;
    this.failure = null;
    try {
      await this.#transfer(transfer);
    } finally {
      this.busy = false;
    }
  }

  async #transfer({ inboxId, officeName, note }: Transfer): Promise<void> {
    const { conversation } = this;
    if (note !== '' && !(await this.#isSent(await conversation.send(note, locale())))) {
      this.failure = () => t('inbox.transferNoteFailed');
      return;
    }
    try {
      await conversation.transfer(inboxId);
    } catch (error) {
      if (!(error instanceof RequestError) && !(error instanceof CryptoError)) throw error;
      this.failure = () => t('inbox.transferFailed');
      return;
    }
    announcer().announce(t('inbox.transferred', { office: officeName }));
    navigate('/inbox');
  }

  /** What is still on its way could not be sent any more: this team does not belong to the conversation then. */
  async #isSent(messageId: MessageId): Promise<boolean> {
    const deliveryOf = ({ items }: Conversation['state']['value']) =>
      items.find((item) => item.kind === 'message' && item.messageId === messageId);
    const { items } = await waitUntil(this.conversation.state, (state) => {
      const item = deliveryOf(state);
      return item?.kind === 'message' && (item.position !== null || item.delivery?.state === 'failed');
    });
    return items.some((item) => item.kind === 'message' && item.messageId === messageId && item.position !== null);
  }
}

customElements.define('gov-transfer-button', TransferButton);
