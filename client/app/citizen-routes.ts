import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { OfficeView, ServiceView } from '../../server/protocol/offices.ts';
import type { Need, QueueEntryView } from '../../server/protocol/queue.ts';
import type { Role } from '../../server/protocol/roles.ts';
import { findService } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { addressId } from '../net/address-id.ts';
import { recentReadiness } from '../calls/check/last-check.ts';
import { citizen, type Citizen } from './citizen.ts';
import { conversationPanel } from './conversation-panel.ts';
import { openConversation } from './open-conversation.ts';
import { officeList } from './offices.ts';
import { notFoundPage, errorPage } from './page-states.ts';
import type { Route } from './route.ts';
import type { SignedIn } from './sign-in-gate.ts';
import { core, loadCore } from './the-core.ts';

const citizens: readonly Role[] = ['citizen'];

/** The pages of citizens. What is for somebody signed in stands behind the gate, which lets the page go on after signing in. */
export const citizenRoutes: readonly Route[] = [
  {
    path: '/',
    areas: ['offices'],
    load: () => import('../offices/start-page.ts'),
    render: () => html`<gov-start-page .offices=${officeList} .openMatters=${openMatters()}></gov-start-page>`,
  },
  {
    path: '/services/:serviceId',
    areas: ['offices'],
    load: () => import('../offices/service-page.ts'),
    render: ({ serviceId }) => html`<gov-service-page .offices=${officeList} .serviceId=${serviceId}></gov-service-page>`,
  },
  {
    path: '/services/:serviceId/write',
    areas: ['account', 'conversations'],
    load: () => bring(import('../conversations/write-page.ts')),
    render: ({ serviceId }) =>
      forService(serviceId, ({ service, office }) =>
        gate({ heading: t('conversations.writeTitle'), intro: t('account.signInToWrite') }, ({ messenger }) => {
          const start = async (): Promise<unknown> =>
            await messenger.startConversation({ serviceId: service.serviceId, inboxId: office.inboxId });
          return html`<gov-write-page
            .service=${service}
            .office=${office}
            .list=${messenger.conversations}
            .drafts=${messenger.drafts}
            .profile=${messenger.profile}
            .prepare=${async () => await messenger.prepare(office.inboxId)}
            .start=${start}
          ></gov-write-page>`;
        }),
      ),
  },
  {
    path: '/services/:serviceId/line',
    areas: ['account', 'appointments', 'conversations', 'needs', 'offices', 'queue'],
    load: async () => await Promise.all([bring(import('../queue/line-page.ts')), officeList.refresh()]),
    render: ({ serviceId }) =>
      forService(serviceId, ({ service, office }) =>
        gate(
          { heading: t('queue.lineTitle'), intro: t('account.signInToJoin') },
          ({ messenger, entries }, { justSignedIn }) =>
            html`<gov-line-page
            .service=${service}
            .office=${office}
            .entries=${entries}
            .profile=${messenger.profile}
            .openConversation=${async () => await openConversation(messenger, service, office)}
            .joinsAtOnce=${justSignedIn}
          ></gov-line-page>`,
        ),
      ),
  },
  {
    path: '/services/:serviceId/book',
    areas: ['account', 'appointments'],
    load: () => bring(import('../appointments/slot-page.ts')),
    render: ({ serviceId }) =>
      forService(serviceId, ({ service, office }) =>
        gate(
          { heading: t('appointments.bookTitle'), intro: t('account.signInToBook') },
          ({ appointments }) =>
            html`<gov-slot-page
            .service=${service}
            .office=${office}
            .appointments=${appointments}
            .holdIsOver=${query().has('over')}
            .nextPath=${(appointmentId: string) => `/services/${service.serviceId}/book/${appointmentId}${keptQuery()}`}
          ></gov-slot-page>`,
        ),
      ),
  },
  {
    path: '/services/:serviceId/book/:appointmentId',
    areas: ['account', 'appointments', 'conversations', 'needs'],
    load: () => bring(import('../appointments/check-page.ts')),
    render: ({ serviceId, appointmentId }) =>
      forService(serviceId, ({ service, office }) =>
        gate(
          { heading: t('appointments.checkTitle'), intro: t('account.signInToContinue') },
          ({ appointments, messenger }) =>
            html`<gov-check-page
            .appointmentId=${appointmentId}
            .appointments=${appointments}
            .offices=${officeList.state}
            .profile=${messenger.profile}
            .openConversation=${async () => await openConversation(messenger, service, office)}
            .slotPath=${`/services/${service.serviceId}/book${keptQuery()}`}
          ></gov-check-page>`,
        ),
      ),
  },
  {
    path: '/conversations',
    areas: ['account', 'conversations'],
    load: () => bring(import('../conversations/conversations-page.ts')),
    render: () =>
      gate(
        { heading: t('conversations.listTitle'), intro: t('account.signInToContinue') },
        ({ messenger }) =>
          html`<gov-conversations-page .list=${messenger.conversations} .offices=${officeList.state}></gov-conversations-page>`,
      ),
  },
  {
    path: '/conversations/:conversationId',
    areas: ['account', 'conversations'],
    load: () => bring(import('../conversations/conversation-page.ts')),
    render: ({ conversationId }) =>
      gate({ heading: t('conversations.listTitle'), intro: t('account.signInToContinue') }, ({ messenger }) =>
        keyed(
          conversationId,
          html`<gov-conversation-page
            .conversation=${messenger.conversation(addressId(conversationId))}
            .list=${messenger.conversations}
            .offices=${officeList.state}
            .drafts=${messenger.drafts}
            .profile=${messenger.profile}
          ></gov-conversation-page>`,
        ),
      ),
  },
  {
    path: '/queue/:entryId',
    areas: ['account', 'conversations', 'needs', 'notices', 'queue'],
    load: async () =>
      await Promise.all([
        bring(import('../queue/waiting-room.ts')),
        import('../conversations/conversation-panel.ts'),
        import('./tell-me.ts'),
      ]),
    render: ({ entryId }) =>
      gate({ heading: t('queue.waitingTitle'), intro: t('account.signInToContinue') }, ({ messenger, entries, appointments }) =>
        keyed(
          entryId,
          html`<gov-waiting-room
            .entryId=${entryId}
            .entries=${entries}
            .offices=${officeList.state}
            .conversation=${(id: ConversationId) => conversationPanel(messenger, id, 'citizen')}
            .appointmentAt=${(id: string) => appointments.find(id)?.startsAt ?? null}
            .tellMe=${html`<gov-tell-me .core=${core()}></gov-tell-me>`}
            .lastCheck=${recentReadiness()}
            .onNeeds=${(needs: readonly Need[]) => void messenger.profile.saveNeeds(needs)}
          ></gov-waiting-room>`,
        ),
      ),
  },
  {
    path: '/appointments',
    areas: ['account', 'appointments'],
    load: () => bring(import('../appointments/appointments-page.ts')),
    render: () =>
      gate(
        { heading: t('appointments.listTitle'), intro: t('account.signInToContinue') },
        ({ appointments }) =>
          html`<gov-appointments-page .appointments=${appointments} .offices=${officeList.state}></gov-appointments-page>`,
      ),
  },
  {
    path: '/appointments/:appointmentId',
    areas: ['account', 'appointments', 'needs'],
    load: () => bring(import('../appointments/appointment-page.ts')),
    render: ({ appointmentId }) =>
      gate({ heading: t('appointments.appointmentTitle'), intro: t('account.signInToContinue') }, ({ appointments, entries }) =>
        keyed(
          appointmentId,
          html`<gov-appointment-page
            .appointmentId=${appointmentId}
            .appointments=${appointments}
            .offices=${officeList.state}
            .justBooked=${query().has('booked')}
            .findEntry=${(id: Parameters<typeof entries.forAppointment>[0]) => entries.forAppointment(id)}
            .onCheckedIn=${(entry: QueueEntryView) => entries.add(entry)}
          ></gov-appointment-page>`,
        ),
      ),
  },
];

/** A page's module, with what every page behind the gate needs. */
async function bring(page: Promise<unknown>): Promise<void> {
  await Promise.all([page, import('./sign-in-gate.ts'), loadCore(), officeList.ensure()]);
}

function gate(words: { heading: string; intro: string }, draw: (citizen: Citizen, signedIn: SignedIn) => unknown): TemplateResult {
  const content = (signedIn: SignedIn): unknown => (citizen.value === null ? nothing : draw(citizen.value, signedIn));
  return html`<gov-sign-in-gate
    .core=${core()}
    .roles=${citizens}
    .heading=${words.heading}
    .intro=${words.intro}
    .content=${content}
  ></gov-sign-in-gate>`;
}

function forService(
  serviceId: string | undefined,
  draw: (found: { office: OfficeView; service: ServiceView }) => TemplateResult,
): TemplateResult {
  const { offices } = officeList.state.value;
  const found = findService(offices, serviceId ?? '');
  if (found !== null) return draw(found);
  return offices === null ? errorPage(() => location.reload()) : notFoundPage();
}

function openMatters(): unknown {
  return citizen.value === null
    ? nothing
    : html`<gov-open-matters .citizen=${citizen.value} .offices=${officeList.state}></gov-open-matters>`;
}

function query(): URLSearchParams {
  return new URLSearchParams(location.search);
}

/** The conversation somebody comes from goes along through a booking. */
function keptQuery(): string {
  const conversation = query().get('conversation');
  return conversation === null ? '' : `?conversation=${encodeURIComponent(conversation)}`;
}
