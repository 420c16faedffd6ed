import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { CallView } from '../../server/protocol/calls.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { Role } from '../../server/protocol/roles.ts';
import { parseJoinWith } from '../calls/join-form.ts';
import type { Messenger } from '../conversations/messenger.ts';
import { officeName } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { conversationPanel } from './conversation-panel.ts';
import { officeList } from './offices.ts';
import type { Route } from './route.ts';
import type { SignedIn } from './sign-in-gate.ts';
import { core, loadCore } from './the-core.ts';

const people: readonly Role[] = ['citizen', 'official'];

/** A call, for either side. */
export const callRoute: Route = {
  path: '/calls/:callId',
  areas: ['account', 'calls', 'conversations'],
  wide: true,
  load: async () =>
    await Promise.all([
      import('../calls/call-page.ts'),
      import('../conversations/conversation-panel.ts'),
      import('./sign-in-gate.ts'),
      loadCore(),
      officeList.ensure(),
    ]),
  render: ({ callId }) =>
    html`<gov-sign-in-gate
      .core=${core()}
      .roles=${people}
      .heading=${t('calls.joinTitle')}
      .intro=${t('account.signInToContinue')}
      .content=${(signedIn: SignedIn) => keyed(callId, callPage(callId, signedIn))}
    ></gov-sign-in-gate>`,
};

function callPage(callId: string | undefined, { messenger, session: { role } }: SignedIn): TemplateResult | typeof nothing {
  const side = role === 'citizen' ? 'conversations' : 'inbox';
  return html`<gov-call-page
    .callId=${callId}
    .joinWith=${parseJoinWith(new URLSearchParams(location.search).get('join'))}
    .request=${core().request}
    .on=${core().on}
    .line=${core().connection}
    .nameOther=${role === 'citizen' ? nameOfficial : (call: CallView) => nameCitizen(messenger, call.conversationId)}
    .messages=${({ conversationId }: CallView) => conversationPanel(messenger, conversationId, role === 'citizen' ? 'citizen' : 'office')}
    .conversationPath=${({ conversationId }: CallView) => `/${side}/${conversationId}`}
  ></gov-call-page>`;
}

/** The official in a call, as the citizen reads it. */
function nameOfficial({ official }: CallView): string {
  return t('calls.tileName', { name: official.displayName, office: officeName(officeList.state.value.offices, official.officeId) });
}

/** The citizen in a call: as he named himself in his messages, if he did. */
function nameCitizen({ conversations }: Messenger, conversationId: ConversationId): string {
  const row = conversations.state.value.rows.find(({ view }) => view.conversationId === conversationId);
  return row?.citizenName ?? t('calls.citizen');
}
