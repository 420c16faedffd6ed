import { html, nothing } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { CallView } from '../../server/protocol/calls.ts';
import { isJoinWith } from '../calls/join-form.ts';
import { t } from '../i18n/translate.ts';
import { citizen } from './citizen.ts';
import { conversationPanel, nameOfficial } from './citizen-routes.ts';
import { officeList } from './offices.ts';
import type { Route } from './route.ts';
import { core, loadCore } from './the-core.ts';

/** A citizen's call, wherever it was accepted. */
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
  render: ({ callId }) => {
    const joinWith = new URLSearchParams(location.search).get('join');
    return html`<gov-sign-in-gate
      .core=${core()}
      .roles=${['citizen']}
      .heading=${t('calls.joinTitle')}
      .intro=${t('account.signInToContinue')}
      .content=${() =>
        citizen.value === null
          ? nothing
          : keyed(
              callId,
              html`<gov-call-page
                .callId=${callId}
                .joinWith=${isJoinWith(joinWith) ? joinWith : null}
                .request=${core().request}
                .on=${core().on}
                .line=${core().connection}
                .nameOther=${nameOfficial}
                .messages=${({ conversationId }: CallView) => (citizen.value === null ? nothing : conversationPanel(citizen.value, conversationId))}
                .conversationPath=${({ conversationId }: CallView) => `/conversations/${conversationId}`}
              ></gov-call-page>`,
            )}
    ></gov-sign-in-gate>`;
  },
};
