import { html, nothing, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import { errorText } from '../i18n/error-text.ts';
import { locale, t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import type { Drafts, Profile } from '../storage/texts.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href, navigate } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import type { ConversationList } from './conversation-list.ts';
import './conversations.css';
import type { Conversation } from './conversation.ts';
import './message-composer.ts';
import { whoReads } from './who-reads.ts';

/** The first message of a new matter: nothing is opened on the server before it is sent. */
export class WritePage extends GovPage {
  static override properties = {
    service: { attribute: false },
    office: { attribute: false },
    list: { attribute: false },
    drafts: { attribute: false },
    profile: { attribute: false },
    prepare: { attribute: false },
    start: { attribute: false },
    asksName: { state: true },
    preparing: { state: true },
    failure: { state: true },
  };
  declare service: ServiceView;
  declare office: OfficeView;
  declare list: ConversationList;
  declare drafts: Drafts;
  declare profile: Profile;
  /** Fetches what the first message will need. */
  declare prepare: () => Promise<void>;
  declare start: () => Promise<Conversation>;
  declare asksName: boolean;
  declare preparing: boolean;
  declare failure: string | null;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.list.state]));
    this.asksName = false;
    this.preparing = false;
    this.failure = null;
  }

  protected override firstUpdated(): void {
    void this.#decideOnName();
    // What fails now is tried again, and told, when the message is sent.
    this.prepare().catch(() => undefined);
  }

  protected override render(): TemplateResult {
    return html`<p>
        <a class="back-link" href=${href(`/services/${this.service.serviceId}`)}>${arrowLeft}${this.service.name[locale()]}</a>
      </p>
      <div class="columns">
        <div>
          ${this.failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.failure}</p>`, outcome: true })}
          <h1>${t('conversations.writeTitle')}</h1>
          <p class="lead">${t('conversations.writeTo', { office: `${this.office.name[locale()]} – ${this.service.name[locale()]}` })}</p>
          ${this.#existing()}
          <gov-message-composer
            class="write-composer"
            .draftKey=${`service:${this.service.serviceId}`}
            .drafts=${this.drafts}
            .profile=${this.asksName ? this.profile : null}
            .send=${this.#send}
          ></gov-message-composer>
          ${this.preparing ? html`<p class="muted">${t('conversations.preparing')}</p>` : nothing}
        </div>
        <aside>${whoReads(this.office.name[locale()])}</aside>
      </div>`;
  }

  #existing(): TemplateResult | typeof nothing {
    const { serviceId } = this.service;
    const { officeId } = this.office;
    const row = this.list.state.value.rows.find(
      ({ view }) => view.serviceId === serviceId && view.officeId === officeId && view.state === 'open',
    );
    if (row === undefined) return nothing;
    return notice({
      kind: 'info',
      body: html`<p>
        ${t('conversations.openAlready')} <a href=${conversationHref(row.view.conversationId)}>${t('conversations.continueIt')}</a>
      </p>`,
    });
  }

  async #decideOnName(): Promise<void> {
    this.asksName = (await this.profile.loadName()) === null;
  }

  readonly #send = async (text: string, files: readonly File[]): Promise<void> => {
    this.preparing = true;
    this.failure = null;
    try {
      const conversation = await this.start();
      if (text !== '') await conversation.send(text, locale());
      conversation.attachments.send(conversation.conversationId, files);
      await this.drafts.save(`service:${this.service.serviceId}`, '');
      navigate(`/conversations/${conversation.conversationId}`, { replace: true });
    } catch (error) {
      this.failure =
        error instanceof RequestError ? `${t('conversations.startFailed')} ${errorText(error.code)}` : t('conversations.startUntrusted');
      throw error;
    } finally {
      this.preparing = false;
    }
  };
}

function conversationHref(conversationId: ConversationId): string {
  return href(`/conversations/${conversationId}`);
}

customElements.define('gov-write-page', WritePage);
