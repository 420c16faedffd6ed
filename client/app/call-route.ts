import { html, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { Role } from '../../server/protocol/roles.ts';
import { parseJoinWith } from '../calls/join-form.ts';
import { t } from '../i18n/translate.ts';
import { officeList } from './offices.ts';
import type { Route } from './route.ts';
import type { SignedIn } from './sign-in-gate.ts';
import { core, loadCore } from './the-core.ts';

/** Comes with the page: it knows how conversations are sealed, which no first page needs. */
let surroundings: typeof import('./call-surroundings.ts') | undefined;
const people: readonly Role[] = ['citizen', 'official'];

/** A call, for either side. */
export const callRoute: Route = {
  path: '/calls/:callId',
  areas: ['account', 'calls', 'console', 'conversations', 'guests', 'needs', 'safety'],
  wide: true,
  load: async () => {
    [surroundings] = await Promise.all([
      import('./call-surroundings.ts'),
      import('../calls/call-page.ts'),
      import('../calls/after/call-after.ts'),
      import('../calls/call-console.ts'),
      import('../calls/after/call-outcome.ts'),
      import('../conversations/conversation-panel.ts'),
      import('./sign-in-gate.ts'),
      loadCore(),
      officeList.ensure(),
    ]);
  },
  render: ({ callId }) =>
    html`<gov-sign-in-gate
      .core=${core()}
      .roles=${people}
      .heading=${t('calls.joinTitle')}
      .intro=${t('account.signInToContinue')}
      .content=${(signedIn: SignedIn) => keyed(callId, callPage(callId, signedIn))}
    ></gov-sign-in-gate>`,
};

function callPage(callId: string | undefined, signedIn: SignedIn): TemplateResult {
  const { messenger, session } = signedIn;
  return html`<gov-call-page
    .callId=${callId}
    .accountId=${session.accountId}
    .joinWith=${parseJoinWith(new URLSearchParams(location.search).get('join'))}
    .request=${core().request}
    .on=${core().on}
    .line=${core().line}
    .identities=${messenger.callIdentities}
    .surroundings=${surroundings?.surroundingsOf(signedIn)}
  ></gov-call-page>`;
}
