import { html, type TemplateResult } from 'lit';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { Viewer } from '../conversations/author-name.ts';
import type { Messenger } from '../conversations/messenger.ts';
import { officeName } from '../i18n/office-names.ts';
import { officeList } from './offices.ts';

/** Log and composer of a conversation, beside a ticket or a call. The page's route brings the element. */
export function conversationPanel(messenger: Messenger, conversationId: ConversationId, viewer: Viewer): TemplateResult {
  const { rows } = messenger.conversations.state.value;
  const view = rows.find((row) => row.view.conversationId === conversationId)?.view;
  return html`<gov-conversation-panel
    .conversation=${messenger.conversation(conversationId)}
    .drafts=${messenger.drafts}
    .profile=${viewer === 'citizen' ? messenger.profile : null}
    .viewer=${viewer}
    .officeName=${view === undefined ? '' : officeName(officeList.state.value.offices, view.officeId)}
  ></gov-conversation-panel>`;
}
