import { html, type TemplateResult } from 'lit';
import type { CallParticipant, CallView } from '../../server/protocol/calls.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';
import { endedText } from '../calls/after/call-ending.ts';
import type { CallSurroundings } from '../calls/call-surroundings.ts';
import { roleText } from '../calls/people/tile-person.ts';
import { keepCall } from '../conversations/keep-call.ts';
import type { Messenger } from '../conversations/messenger.ts';
import { officeName, servicesOf } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { callResult } from './call-result.ts';
import { citizen } from './citizen.ts';
import { conversationPanel } from './conversation-panel.ts';
import { officeList } from './offices.ts';
import { official } from './official.ts';
import { consoleFacts } from './served-person.ts';
import type { SignedIn } from './sign-in-gate.ts';
import { core } from './the-core.ts';

/** What stands around a call, for a citizen or for somebody of the office. */
export function surroundingsOf({ messenger, session: { role, displayName } }: SignedIn): CallSurroundings {
  const isCitizen = role === 'citizen';
  const messages = ({ conversationId }: CallView): TemplateResult =>
    conversationPanel(messenger, conversationId, isCitizen ? 'citizen' : 'office');
  const conversationPath = ({ conversationId }: CallView): string => `/${isCitizen ? 'conversations' : 'inbox'}/${conversationId}`;
  const common = {
    comparisons: messenger.comparisons,
    drafts: messenger.drafts,
    messages,
    conversationPath,
    nameOf: (person: CallParticipant, call: CallView | null) => nameOf(person, call, messenger),
  };
  return isCitizen
    ? {
        ...common,
        ownName: ownNameIn(messenger),
        // That the call has ended and where its ticket is are told one after the other.
        source: citizen.value?.entries.state ?? null,
        waitingPath,
        bookingPath: (call) => bookingPath(messenger, call),
        bar: null,
        keepText: null,
        after: (call) =>
          html`<gov-call-after
            .endedText=${endedText(call, 'citizen')}
            .result=${callResult(messenger.conversation(call.conversationId), call)}
            .conversationPath=${conversationPath(call)}
            .rate=${async (rating: number) => await rate(call, rating)}
          ></gov-call-after>`,
      }
    : {
        ...common,
        ownName: displayName ?? '',
        source: null,
        waitingPath: () => '/queue',
        bookingPath: () => null,
        bar: (call, onInvite) =>
          html`<gov-call-console
            .facts=${() => consoleFacts(call)}
            .source=${official.value?.desk.state ?? null}
            .onInvite=${onInvite}
          ></gov-call-console>`,
        keepText: (call, lines) => void keepCall(messenger.conversation(call.conversationId), { kind: 'transcript', lines }),
        after: (call) =>
          html`<gov-call-outcome
            .endedText=${endedText(call, 'official')}
            .messages=${() => messages(call)}
            .conversationPath=${conversationPath(call)}
            .save=${async (text: string) => await keepCall(messenger.conversation(call.conversationId), { kind: 'summary', text })}
          ></gov-call-outcome>`,
      };
}

/** People as this side reads them: of the office by name and office, the citizen as he named himself in his messages, if he did. */
function nameOf({ role, displayName }: CallParticipant, call: CallView | null, messenger: Messenger): { name: string; title: string } {
  if (role === 'citizen') {
    const named = call === null ? null : citizenName(messenger, call.conversationId);
    return { name: named ?? t('calls.citizen'), title: named === null ? '' : roleText(role) };
  }
  const office = call === null ? '' : officeName(officeList.state.value.offices, call.official.officeId);
  return { name: displayName ?? roleText(role), title: role === 'official' && office !== '' ? office : roleText(role) };
}

function citizenName({ conversations }: Messenger, conversationId: ConversationId): string | null {
  return conversations.state.value.rows.find(({ view }) => view.conversationId === conversationId)?.citizenName ?? null;
}

/** As the citizen has called himself in any of his conversations. */
function ownNameIn({ conversations }: Messenger): string {
  return conversations.state.value.rows.find((row) => row.citizenName !== null)?.citizenName ?? '';
}

/** A turn that was missed, or an official who vanished: the ticket is in the line. */
function waitingPath({ conversationId }: CallView): string | null {
  const entry = citizen.value?.entries.state.value.entries.find(
    (each) => each.conversationId === conversationId && (each.state === 'waiting' || each.state === 'called' || each.state === 'parked'),
  );
  return entry === undefined ? null : `/queue/${entry.entryId}`;
}

function bookingPath({ conversations }: Messenger, { conversationId }: CallView): string | null {
  const row = conversations.state.value.rows.find(({ view }) => view.conversationId === conversationId);
  if (row === undefined) return null;
  const [service, ...others] = servicesOf(officeList.state.value.offices, row.view);
  // Handed over to an office with several: the conversation's page has the choice.
  if (others.length > 0) return `/conversations/${conversationId}`;
  return `/services/${service?.serviceId ?? row.view.serviceId}/book?conversation=${conversationId}`;
}

async function rate({ callId }: CallView, rating: number): Promise<boolean> {
  try {
    await core().request('call:rate', { callId, rating });
    return true;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return false;
  }
}
