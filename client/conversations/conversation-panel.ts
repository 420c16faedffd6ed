import { html, nothing, type TemplateResult } from 'lit';
import '../attachments/upload-list.ts';
import { locale } from '../i18n/translate.ts';
import type { Drafts, Profile } from '../storage/texts.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Viewer } from './author-name.ts';
import './conversation-notices.ts';
import type { Conversation } from './conversation.ts';
import './message-composer.ts';
import './message-log.ts';

/** Log and composer of one conversation, for either side; with what is wrong, in words. */
export class ConversationPanel extends GovElement {
  static override properties = {
    conversation: { attribute: false },
    drafts: { attribute: false },
    profile: { attribute: false },
    viewer: { attribute: false },
    officeName: { attribute: false },
    opensAtEnd: { attribute: false },
    asksName: { state: true },
  };
  declare conversation: Conversation;
  declare drafts: Drafts;
  /** Of citizens: the name that travels in their messages. Null for officials. */
  declare profile: Profile | null;
  declare viewer: Viewer;
  declare officeName: string;
  /** Whether the newest entry is brought into view when the page opens. */
  declare opensAtEnd: boolean;
  declare asksName: boolean;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.conversation.state]));
    this.profile = null;
    this.viewer = 'citizen';
    this.officeName = '';
    this.opensAtEnd = false;
    this.asksName = false;
  }

  protected override firstUpdated(): void {
    void this.#decideOnName();
  }

  protected override render(): TemplateResult {
    const { problems, items } = this.conversation.state.value;
    // What would be written could not be sent: to nobody's keys, or to a case of others.
    const isClosedTo = problems.some(({ kind }) => kind === 'reset' || kind === 'transferred' || kind === 'expired');
    const hasWritten = items.some((item) => item.kind === 'message' && item.author.who === 'me');
    return html`<div class="conversation">
      <gov-conversation-notices .conversation=${this.conversation} .viewer=${this.viewer}></gov-conversation-notices>
      <gov-message-log
        .conversation=${this.conversation}
        .viewer=${this.viewer}
        .officeName=${this.officeName}
        .opensAtEnd=${this.opensAtEnd}
      ></gov-message-log>
      <gov-upload-list .attachments=${this.conversation.attachments} .conversationId=${this.conversation.conversationId}></gov-upload-list>
      ${isClosedTo ? nothing : this.#composer(hasWritten)}
    </div>`;
  }

  #composer(hasWritten: boolean): TemplateResult {
    return html`<gov-message-composer
        .draftKey=${this.conversation.conversationId}
        .drafts=${this.drafts}
        .profile=${this.asksName && !hasWritten ? this.profile : null}
        .enterSends=${this.viewer === 'office'}
        .send=${this.#send}
      ></gov-message-composer>`;
  }

  async #decideOnName(): Promise<void> {
    if (this.profile !== null) this.asksName = (await this.profile.loadName()) === null;
  }

  readonly #send = async (text: string, files: readonly File[]): Promise<void> => {
    const { conversation } = this;
    if (text !== '') await conversation.send(text, locale());
    conversation.attachments.send(conversation.conversationId, files);
  };
}

customElements.define('gov-conversation-panel', ConversationPanel);
