import { html, nothing, type TemplateResult } from 'lit';
import type { CallId, ConversationId, InboxId } from '../../server/protocol/ids.ts';
import type { Role } from '../../server/protocol/roles.ts';
import { formatJoinWith } from '../calls/join-form.ts';
import { locale, t } from '../i18n/translate.ts';
import { addressId } from '../net/address-id.ts';
import { official, type Official } from './official.ts';
import { officeList } from './offices.ts';
import type { Route } from './route.ts';
import type { SignedIn } from './sign-in-gate.ts';
import { core, loadCore } from './the-core.ts';

/** The pages of officials, supervisors and administrators. */
export const staffRoutes: readonly Route[] = [
  {
    path: '/inbox{/:conversationId}?',
    areas: ['account', 'conversations', 'inbox', 'needs', 'team'],
    wide: true,
    load: () => bringDesk(import('../conversations/inbox-page.ts')),
    render: ({ conversationId }) =>
      forTeam(
        t('shell.inbox'),
        ({ desk }, { messenger, session }) =>
          html`${auditNotice(messenger, session.inboxId)}<gov-inbox-page
            .messenger=${messenger}
            .offices=${officeList.state}
            .conversationId=${conversationId === undefined ? null : addressId(conversationId)}
            .bar=${() => html`<gov-desk-bar .desk=${desk} .offices=${officeList.state} .officeId=${session.officeId} .callPath=${callPath}></gov-desk-bar>`}
            .beside=${(id: ConversationId) => html`<gov-waits-note .desk=${desk} .conversationId=${id} .callPath=${callPath}></gov-waits-note>`}
          ></gov-inbox-page>`,
      ),
  },
  {
    path: '/queue',
    areas: ['account', 'inbox', 'needs'],
    wide: true,
    load: () => bringDesk(import('../queue/desk-page.ts')),
    render: () =>
      forTeam(
        t('inbox.lineTitle'),
        ({ desk }, { session }) =>
          html`<gov-desk-page
            .desk=${desk}
            .offices=${officeList.state}
            .officeId=${session.officeId}
            .callPath=${callPath}
          ></gov-desk-page>`,
      ),
  },
  {
    path: '/team',
    areas: ['account', 'inbox', 'registrar', 'team'],
    load: () => bringDesk(import('../inbox/team-page.ts')),
    render: () =>
      forTeam(t('team.title'), (_present, { session, messenger }) => {
        const { inboxId, officeId } = session;
        if (inboxId === null) return html`${nothing}`;
        const office = officeList.state.value.offices?.find((one) => one.officeId === officeId);
        return html`<gov-team-page
          .team=${messenger.teams.team(inboxId)}
          .audit=${messenger.teams.audit}
          .registrar=${messenger.registrar}
          .retention=${messenger.retention(inboxId)}
          .officeId=${officeId}
          .officeName=${office?.name[locale()] ?? ''}
        ></gov-team-page>`;
      }),
  },
  {
    path: '/registrar',
    areas: ['account', 'registrar'],
    load: () => bring(import('../inbox/registrar-page.ts')),
    render: () =>
      gate({
        roles: ['official'],
        heading: t('registrar.title'),
        draw: ({ messenger }) => html`<gov-registrar-page .registrar=${messenger.registrar}></gov-registrar-page>`,
      }),
  },
  {
    path: '/overview',
    areas: ['account', 'supervision'],
    wide: true,
    load: () => bring(import('../supervision/overview-page.ts')),
    render: () =>
      gate({
        roles: ['supervisor'],
        heading: t('shell.overview'),
        draw: () =>
          html`<gov-overview-page
            .request=${core().request}
            .on=${core().on}
            .line=${core().connection}
            .offices=${officeList.state}
          ></gov-overview-page>`,
      }),
  },
  {
    path: '/administration',
    areas: ['account', 'help'],
    load: () => bring(import('./text-page.ts')),
    render: () =>
      gate({
        roles: ['admin', 'owner'],
        heading: t('help.adminTitle'),
        draw: () => html`<gov-text-page .page=${'administration'}></gov-text-page>`,
      }),
  },
];

/** Above the inbox, when nothing may be sealed to it. */
function auditNotice({ teams }: SignedIn['messenger'], inboxId: InboxId | null): TemplateResult | typeof nothing {
  return inboxId === null ? nothing : html`<gov-audit-notice .audit=${teams.audit} .inboxId=${inboxId}></gov-audit-notice>`;
}

/** From the line into the call, with camera and microphone: the official has asked for it. */
function callPath(callId: CallId): string {
  return `/calls/${callId}?join=${formatJoinWith(['audio', 'video'])}`;
}

async function bring(page: Promise<unknown>): Promise<void> {
  await Promise.all([page, import('./sign-in-gate.ts'), loadCore(), officeList.ensure()]);
}

async function bringDesk(page: Promise<unknown>): Promise<void> {
  await Promise.all([
    bring(page),
    import('../inbox/team-gate.ts'),
    import('../inbox/audit-notice.ts'),
    import('../queue/desk-bar.ts'),
    import('../queue/waits-note.ts'),
  ]);
}

function gate({
  roles,
  heading,
  draw,
}: {
  readonly roles: readonly Role[];
  readonly heading: string;
  readonly draw: (signedIn: SignedIn) => unknown;
}): TemplateResult {
  return html`<gov-sign-in-gate
    .core=${core()}
    .roles=${roles}
    .heading=${heading}
    .intro=${t('account.signInToContinue')}
    .content=${draw}
  ></gov-sign-in-gate>`;
}

/** For officials whom the inbox's chain lists; the others see where they stand. */
function forTeam(heading: string, draw: (present: Official, signedIn: SignedIn) => TemplateResult): TemplateResult {
  const content = (signedIn: SignedIn): unknown => {
    const present = official.value;
    if (present === null) return nothing;
    return html`<gov-team-gate
      .membership=${present.membership}
      .heading=${heading}
      .content=${() => draw(present, signedIn)}
    ></gov-team-gate>`;
  };
  return gate({ roles: ['official'], heading, draw: content });
}
