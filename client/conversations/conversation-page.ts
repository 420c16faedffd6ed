import { html, nothing, type TemplateResult } from 'lit';
import arrowLeft from 'lucide-static/icons/arrow-left.svg?icon';
import calendarDays from 'lucide-static/icons/calendar-days.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import type { ConversationView } from '../../server/protocol/conversations.ts';
import type { ServiceView } from '../../server/protocol/offices.ts';
import { officeName, serviceName, servicesOf, type KnownOffices } from '../i18n/office-names.ts';
import { locale, t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import type { Drafts, Profile } from '../storage/texts.ts';
import { badge } from '../ui/badge.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href } from '../ui/navigate.ts';
import { WatchAll } from '../ui/watch.ts';
import type { ConversationList } from './conversation-list.ts';
import './conversation-panel.ts';
import type { Conversation } from './conversation.ts';
import './readers-panel.ts';

/** One matter of a citizen: what was said, what happened, and the ways to go on. */
export class ConversationPage extends GovPage {
  static override properties = {
    conversation: { attribute: false },
    list: { attribute: false },
    offices: { attribute: false },
    drafts: { attribute: false },
    profile: { attribute: false },
  };
  declare conversation: Conversation;
  declare list: ConversationList;
  declare offices: Observable<KnownOffices>;
  declare drafts: Drafts;
  declare profile: Profile;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.conversation.state, this.list.state, this.offices]));
  }

  protected override render(): TemplateResult {
    const { view } = this.conversation.state.value;
    const { loaded, rows } = this.list.state.value;
    const known = view ?? rows.find((row) => row.view.conversationId === this.conversation.conversationId)?.view ?? null;
    if (known !== null) return this.#page(known);
    return loaded ? missing() : html`<h1>${t('conversations.listTitle')}</h1><p class="loading">${t('conversations.logLoading')}</p>`;
  }

  #page(view: ConversationView): TemplateResult {
    const { offices } = this.offices.value;
    const office = officeName(offices, view.officeId);
    return html`<p><a class="back-link" href=${href('/conversations')}>${arrowLeft}${t('conversations.back')}</a></p>
      <div class="columns conversation-columns">
        <div>
          <header class="conversation-head">
            <div>
              <h1>${serviceName(offices, view.serviceId) || t('conversations.listTitle')}</h1>
              <p class="muted conversation-office">${office}</p>
              <gov-readers-panel class="readers-button" .form=${'button'} .conversation=${this.conversation} .officeName=${office}></gov-readers-panel>
            </div>
            ${view.state === 'closed' ? badge('off', t('conversations.stateClosed')) : nothing}
          </header>
          <gov-conversation-panel
            .conversation=${this.conversation}
            .drafts=${this.drafts}
            .profile=${this.profile}
            .officeName=${office}
            .opensAtEnd=${true}
          ></gov-conversation-panel>
        </div>
        <aside>
          <section class="card" aria-labelledby="details-title">
            <h2 id="details-title">${t('conversations.detailsTitle')}</h2>
            <p class="figures">${t('conversations.reference', { reference: view.reference })}</p>
            <p>${t('conversations.answerTime')}</p>
            <ul class="plain ways">
              ${ways(view, servicesOf(offices, view))}
            </ul>
          </section>
          <gov-readers-panel class="readers-card" .conversation=${this.conversation} .officeName=${office}></gov-readers-panel>
        </aside>
      </div>`;
  }
}

/** With several services, each with its name: the case was handed over, and nobody has said which of them it is about. */
function ways({ conversationId }: ConversationView, services: readonly ServiceView[]): TemplateResult[] {
  return services.flatMap(({ serviceId, name }) => {
    const words = (text: string): string => (services.length === 1 ? text : `${text}: ${name[locale()]}`);
    const path = (of: string): string => href(`/services/${serviceId}/${of}?conversation=${conversationId}`);
    return [
      html`<li><a class="button button-secondary" href=${path('line')}>${video}${words(t('conversations.callNow'))}</a></li>`,
      html`<li><a class="button button-secondary" href=${path('book')}>${calendarDays}${words(t('conversations.bookTime'))}</a></li>`,
    ];
  });
}

function missing(): TemplateResult {
  return html`<div class="prose">
    <h1>${t('conversations.notFoundTitle')}</h1>
    <p class="lead">${t('conversations.notFoundText')}</p>
    <p class="button-row"><a class="button" href=${href('/conversations')}>${t('conversations.back')}</a></p>
  </div>`;
}

customElements.define('gov-conversation-page', ConversationPage);
