import { html } from 'lit';
import type { Role } from '../../server/protocol/roles.ts';
import { roles } from '../../server/protocol/roles.ts';
import { officeName } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { navigate } from '../ui/navigate.ts';
import { forgetDevice, leaveDevice } from './forget-device.ts';
import { officeList } from './offices.ts';
import { ownPath } from './own-path.ts';
import type { Route } from './route.ts';
import { session } from './session.ts';
import { core, loadCore } from './the-core.ts';

const homes = {
  citizen: '/',
  official: '/inbox',
  supervisor: '/overview',
  admin: '/administration',
  owner: '/administration',
  guest: '/',
} as const satisfies Record<Role, string>;

/** Signing in and out, enrolling, "Me". */
export const accountRoutes: readonly Route[] = [
  {
    path: '/sign-in',
    areas: ['account'],
    load: async () => await Promise.all([import('./sign-in-gate.ts'), import('./forward.ts'), loadCore()]),
    render: () =>
      html`<gov-sign-in-gate
        .core=${core()}
        .roles=${roles}
        .heading=${t('account.signInTitle')}
        .intro=${t('account.signInToContinue')}
        .content=${({ session: { role } }: { session: { role: Role } }) => html`<gov-forward .to=${ownPath('next') ?? homes[role]}></gov-forward>`}
      ></gov-sign-in-gate>`,
  },
  {
    path: '/enrol',
    areas: ['account'],
    load: async () => await Promise.all([import('../account/enrol-page.ts'), loadCore(), officeList.ensure()]),
    render: () =>
      html`<gov-enrol-page
        .read=${async () => await core().readInvitation(location.hash)}
        .officeName=${(officeId: Parameters<typeof officeName>[1]) => officeName(officeList.state.value.offices, officeId)}
        .session=${core().session}
        .signOut=${async () => await core().signOut()}
        .onAccepted=${() => navigate(homes[session.value?.role ?? 'citizen'], { replace: true })}
      ></gov-enrol-page>`,
  },
  {
    path: '/signed-out',
    areas: ['account'],
    load: () => import('../account/signed-out-page.ts'),
    render: () => html`<gov-signed-out-page .deleted=${new URLSearchParams(location.search).has('deleted')}></gov-signed-out-page>`,
  },
  {
    path: '/account',
    areas: ['account', 'security'],
    load: async () => await Promise.all([import('./sign-in-gate.ts'), import('../account/account-page.ts'), loadCore()]),
    render: () =>
      html`<gov-sign-in-gate
        .core=${core()}
        .roles=${roles}
        .heading=${t('account.meTitle')}
        .intro=${t('account.signInToContinue')}
        .content=${({
          session: { displayName },
          messenger: { profile },
        }: {
          session: { displayName: string | null };
          messenger: { profile: unknown };
        }) =>
          html`<gov-account-page .profile=${profile} .displayName=${displayName} .signOut=${async () => await leaveDevice(core())} .forgetDevice=${async () => await forgetDevice(core())}></gov-account-page>`}
      ></gov-sign-in-gate>`,
  },
];
