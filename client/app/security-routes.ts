import { html, type TemplateResult } from 'lit';
import type { Security } from '../account/security.ts';
import { roles } from '../../server/protocol/roles.ts';
import { t } from '../i18n/translate.ts';
import { ownPath } from './own-path.ts';
import type { Route } from './route.ts';
import { core, loadCore } from './the-core.ts';

/** The pages of the account's safety: what can get in, one more device, the recovery code. */
export const securityRoutes: readonly Route[] = [
  {
    path: '/account/security',
    areas: ['account', 'security'],
    load: async () => await Promise.all([import('./sign-in-gate.ts'), import('../account/security-page.ts'), loadCore()]),
    render: () => gate((security) => html`<gov-security-page .security=${security}></gov-security-page>`),
  },
  {
    path: '/account/add-device',
    areas: ['account', 'security'],
    load: async () => await Promise.all([import('./sign-in-gate.ts'), import('../account/add-device-page.ts'), loadCore()]),
    render: () =>
      gate((security) => html`<gov-add-device-page .open=${() => security.letIn()} .code=${location.hash.slice(1)}></gov-add-device-page>`),
  },
  {
    path: '/account/recovery-code',
    areas: ['account', 'security'],
    load: async () => await Promise.all([import('./sign-in-gate.ts'), import('../account/recovery-code-page.ts'), loadCore()]),
    render: () =>
      gate(({ devices }) => html`<gov-recovery-code-page .devices=${devices} .next=${ownPath('next')}></gov-recovery-code-page>`),
  },
];

function gate(content: (security: Security) => TemplateResult): TemplateResult {
  return html`<gov-sign-in-gate
    .core=${core()}
    .roles=${roles}
    .heading=${t('security.pageTitle')}
    .intro=${t('account.signInToContinue')}
    .content=${({ messenger }: { messenger: { security: Security } }) => content(messenger.security)}
  ></gov-sign-in-gate>`;
}
