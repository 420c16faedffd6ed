import { html } from 'lit';
import type { Route } from './route.ts';

/** Every page of the service, first match wins. The only file that knows all features. */
export const routes: readonly Route[] = [
  { path: '/', areas: ['start'], load: () => import('./start-page.ts'), render: () => html`<gov-start-page></gov-start-page>` },
  ...(['help', 'privacy', 'accessibility'] as const).map((page): Route => ({
    path: `/${page}`,
    areas: ['help'],
    load: () => import('./text-page.ts'),
    render: () => html`<gov-text-page .page=${page}></gov-text-page>`,
  })),
];
