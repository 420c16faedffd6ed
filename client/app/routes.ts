import { html } from 'lit';
import { accountRoutes } from './account-routes.ts';
import { callRoute } from './call-route.ts';
import { citizenRoutes } from './citizen-routes.ts';
import { deviceRoute } from './device-route.ts';
import { guestRoute } from './guest-route.ts';
import type { Route } from './route.ts';
import { securityRoutes } from './security-routes.ts';
import { staffRoutes } from './staff-routes.ts';
import { waysRoutes } from './ways-routes.ts';

/** Every page of the service, first match wins. The only file that knows all features. */
export const routes: readonly Route[] = [
  ...citizenRoutes,
  callRoute,
  deviceRoute,
  guestRoute,
  ...staffRoutes,
  ...accountRoutes,
  ...waysRoutes,
  ...securityRoutes,
  ...(['help', 'privacy', 'accessibility'] as const).map((page): Route => ({
    path: `/${page}`,
    areas: ['help'],
    load: () => import('./text-page.ts'),
    render: () => html`<gov-text-page .page=${page}></gov-text-page>`,
  })),
];
