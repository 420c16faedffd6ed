// Runs in the page: an official's desk without a server, which is played here. The address says in which language and state.
import { html, render } from 'lit';
import type { CallView } from '../../server/protocol/calls.ts';
import { newId, type AccountId, type QueueEntryId, type ServiceId } from '../../server/protocol/ids.ts';
import { locales } from '../../server/protocol/locale.ts';
import type { Availability, PriorityReason, WaitingEntry } from '../../server/protocol/queue.ts';
import { loadAreas, setLocale } from '../../client/i18n/translate.ts';
import { Subject } from '../../client/net/observable.ts';
import { Desk } from '../../client/queue/desk.ts';
import '../../client/queue/desk-page.ts';
import { officeOf } from '../support/office-view.ts';

const query = new URLSearchParams(location.search);
const language = locales.find((locale) => locale === query.get('locale')) ?? 'en';
document.documentElement.lang = language;
document.documentElement.dataset['density'] = 'staff';
await setLocale(language);
await loadAreas(['inbox', 'needs']);

const office = officeOf(['Driving licence', 'Passport']);
const [licence, passport] = office.services.map(({ serviceId }) => serviceId);
if (licence === undefined || passport === undefined) throw new Error('the office has two services');

const minuteMs = 60_000;
const entryOf = (changes: Partial<WaitingEntry>): WaitingEntry => ({
  entryId: newId(),
  ticketNumber: 'A1',
  serviceId: licence,
  conversationId: newId(),
  citizenId: newId(),
  language: 'lb',
  state: 'waiting',
  calledBy: null,
  answerBy: null,
  missedTurns: 0,
  needs: [],
  priority: null,
  prioritised: null,
  readiness: null,
  joinedAt: Date.now() - 12 * minuteMs,
  appointmentAt: null,
  place: 1,
  present: true,
  servable: true,
  ...changes,
});

const own = newId<'account'>();
let entries: readonly WaitingEntry[] = query.has('empty')
  ? []
  : [
      entryOf({
        ticketNumber: 'A17',
        appointmentAt: Date.UTC(2026, 10, 24, 9, 0),
        needs: ['interpreter', 'sign-language'],
        readiness: 'sound-only',
      }),
      entryOf({ ticketNumber: 'A18', place: 2, missedTurns: 1, readiness: 'ready', language: 'pt', present: false }),
      entryOf({ ticketNumber: 'B4', place: 3, serviceId: passport, needs: ['text-only'], servable: false, language: 'fr' }),
      entryOf({ ticketNumber: 'A12', place: null, state: 'parked', missedTurns: 3, present: false }),
    ];
let availability: Availability = { state: query.has('off') ? 'off' : 'available', services: [], languages: [] };
let call: CallView | null = null;
let tell: () => void = () => undefined;
const asked: string[] = [];

function change(entryId: QueueEntryId, changes: Partial<WaitingEntry>): void {
  entries = entries.map((entry) => (entry.entryId === entryId ? { ...entry, ...changes } : entry));
}

function find(ticketNumber: string): WaitingEntry {
  const entry = entries.find((one) => one.ticketNumber === ticketNumber);
  if (!entry) throw new Error(`no entry ${ticketNumber}`);
  return entry;
}

/** The server's side, as far as the desk sees it. */
function answer(name: string, payload: unknown): unknown {
  if (name === 'queue:list') return { at: Date.now(), entries, serving: null, availability };
  if (name === 'appointment:list') return { appointments: [] };
  if (name === 'call:list-mine') return { calls: call === null ? [] : [call] };
  asked.push(`${name} ${JSON.stringify(payload)}`);
  if (name === 'availability:set') return (availability = payload as Availability);
  const { entryId, reason = null, serviceId } = payload as { entryId: QueueEntryId; reason?: PriorityReason | null; serviceId?: ServiceId };
  if (name === 'queue:prioritise') change(entryId, { priority: reason, prioritised: { by: 'Claire Weber', at: Date.now() } });
  if (name === 'queue:redirect' && serviceId) change(entryId, { serviceId });
  if (name === 'queue:park') change(entryId, { state: 'parked', place: null });
  if (name === 'queue:call-again') change(entryId, { answerBy: Date.now() + 90_000 });
  if (name === 'queue:mark-missed') {
    change(entryId, { state: 'waiting', calledBy: null, answerBy: null, missedTurns: 1, place: 2 });
    call = null;
  }
  return {};
}

const desk = new Desk({
  accountId: own,
  request: async (name, payload) => await Promise.resolve(answer(name, payload) as never),
  on: (name, listener) => {
    if (name === 'queue:changed') tell = listener as () => void;
    return () => undefined;
  },
  connection: new Subject({ status: 'connected' as const }),
  onArrival: () => undefined,
  onMissed: ({ ticketNumber }) => void asked.push(`missed ${ticketNumber}`),
  onMembership: () => undefined,
});

declare global {
  var atDesk: { asked: readonly string[]; call(ticket: string, by?: 'me' | 'colleague'): void };
}
globalThis.atDesk = {
  asked,
  /** As after `queue:accept`, or after that of a colleague. */
  call(ticket, by = 'me') {
    const { entryId, conversationId } = find(ticket);
    const calledBy: AccountId = by === 'me' ? own : newId();
    if (by === 'me') call = { callId: newId(), conversationId, answeredAt: null, asked: [] } as Partial<CallView> as CallView;
    change(entryId, { state: 'called', calledBy, answerBy: Date.now() + 90_000, place: null });
    tell();
  },
};

const main = document.createElement('main');
document.body.append(main);
render(
  html`<gov-desk-page
    .desk=${desk}
    .offices=${new Subject({ offices: [office] })}
    .officeId=${office.officeId}
    .callPath=${(callId: string) => `/calls/${callId}`}
  ></gov-desk-page>`,
  main,
);
