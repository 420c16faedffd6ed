import { html } from 'lit';
import type { Route } from './route.ts';
import { core, loadCore } from './the-core.ts';

/** Ways into an account for a browser that does not hold its keys, and for people who cannot show a passkey. */
export const waysRoutes: readonly Route[] = [
  {
    path: '/cannot-sign-in',
    areas: ['account', 'ways'],
    load: () => import('../account/cannot-sign-in-page.ts'),
    render: () => html`<gov-cannot-sign-in-page></gov-cannot-sign-in-page>`,
  },
  {
    path: '/link',
    areas: ['account', 'security', 'ways'],
    load: async () => await Promise.all([import('../account/link-page.ts'), loadCore()]),
    render: () => html`<gov-link-page .session=${core().session} .join=${() => core().ways.joinDevice()}></gov-link-page>`,
  },
  {
    path: '/recover',
    areas: ['account', 'ways'],
    load: async () => await Promise.all([import('../account/recover-page.ts'), loadCore()]),
    render: () =>
      html`<gov-recover-page
        .session=${core().session}
        .useCode=${async (code: string) => await core().ways.useCode(code)}
        .isTyped=${(code: string) => core().ways.checkCode(code)}
      ></gov-recover-page>`,
  },
  {
    path: '/reset',
    areas: ['account', 'ways'],
    load: async () => await Promise.all([import('../account/reset-page.ts'), loadCore()]),
    render: () => html`<gov-reset-page .session=${core().session} .startAnew=${() => core().ways.startAnew()}></gov-reset-page>`,
  },
];
