// Runs in the page: the citizen's elements of the line and of the device check, without a server. The address says which and in which language.
import { html, nothing, render, type TemplateResult } from 'lit';
import type { CallView } from '../../server/protocol/calls.ts';
import { newId } from '../../server/protocol/ids.ts';
import type { OfficeView } from '../../server/protocol/offices.ts';
import type { Notifications } from '../../server/protocol/notifications.ts';
import type { Need, QueueEntryView, Readiness } from '../../server/protocol/queue.ts';
import '../../client/calls/check/device-check-page.ts';
import { locales } from '../../server/protocol/locale.ts';
import { loadAreas, setLocale } from '../../client/i18n/translate.ts';
import { Subject } from '../../client/net/observable.ts';
import { isToday } from '../../client/queue/admission.ts';
import '../../client/queue/line-page.ts';
import { MyEntries } from '../../client/queue/my-entries.ts';
import '../../client/queue/waiting-room.ts';
import '../../client/queue/your-turn.ts';
import { queueEntry } from '../support/queue-entry.ts';

const query = new URLSearchParams(location.search);
const language = locales.find((locale) => locale === query.get('locale')) ?? 'en';
document.documentElement.lang = language;
await setLocale(language);
await loadAreas(['appointments', 'calls', 'conversations', 'devices', 'needs', 'offices', 'queue']);

const names = {
  lb: 'Führerschäin',
  fr: 'Permis de conduire',
  de: 'Führerschein',
  en: 'Driving licence',
  pt: 'Carta de condução',
};
const officeNames = { lb: 'Biergeramt', fr: 'Bureau des citoyens', de: 'Bürgeramt', en: 'Citizens’ office', pt: 'Balcão do cidadão' };
const serviceId = newId<'service'>();
/** So many minutes from now, and today still: in the last hour of the day fewer. */
function laterToday(minutes: number): number {
  const at = Date.now() + minutes * 60_000;
  return minutes === 0 || isToday(at) ? at : laterToday(minutes - 1);
}
const service = {
  serviceId,
  officeId: newId<'office'>(),
  name: names,
  summary: names,
  keywords: [],
  opening: { state: 'open', closesAt: laterToday(60), admitsUntil: laterToday(40) },
  waiting: 3,
  wait: { fromMinutes: 10, toMinutes: 15 },
  waitsWithin: 81,
  appointmentMinutes: 20,
} as const;
const office: OfficeView = {
  officeId: service.officeId,
  name: officeNames,
  inboxId: newId<'inbox'>(),
  phone: '+352 20 20 10 10',
  address: '1, Place de la Mairie',
  services: [service],
};

const callId = newId<'call'>();
let entry = queueEntry({
  ticketNumber: 'A17',
  serviceId,
  place: 3,
  wait: { fromMinutes: 10, toMinutes: 15 },
  updatedAt: Date.now(),
});
let moved: Notifications['queue:moved'] = () => undefined;
const asked: string[] = [];

/** The server's side, as far as these pages see it. */
function answer(name: string, payload: unknown): unknown {
  asked.push(`${name} ${JSON.stringify(payload)}`);
  if (name === 'queue:list-mine') return { entries: query.has('empty') ? [] : [entry] };
  const now = Date.now();
  if (name === 'queue:extend') change({ answerBy: (entry.answerBy ?? now) + 90_000, extended: true });
  if (name === 'queue:pass')
    change({ state: 'waiting', callId: null, answerBy: null, place: 2, missedTurns: 1, lostTurn: { calledAt: now, outcome: 'passed' } });
  if (name === 'queue:return') change({ state: 'waiting', place: 2 });
  if (name === 'queue:set-needs' && typeof payload === 'object' && payload !== null && 'needs' in payload)
    change({ needs: payload.needs as readonly Need[] });
  if (name === 'queue:set-readiness') change({ readiness: 'ready' });
  if (name === 'queue:leave') change({ state: 'left', place: null });
  return entry;
}

function change(changes: Partial<QueueEntryView>): void {
  entry = { ...entry, ...changes, updatedAt: Date.now() };
}

const entries = new MyEntries({
  request: async (name, payload) => await Promise.resolve(answer(name, payload) as never),
  on: (name, listener) => {
    if (name === 'queue:moved') moved = listener as Notifications['queue:moved'];
    return () => undefined;
  },
  connection: new Subject({ status: 'connected' as const }),
});

declare global {
  var line: { tell(changes: Partial<QueueEntryView>): void; call(seconds: number): void; asked: string[]; readiness: Readiness[] };
}
globalThis.line = {
  tell(changes) {
    change(changes);
    moved({ entry });
  },
  call(seconds) {
    this.tell({ state: 'called', callId, answerBy: Date.now() + seconds * 1_000, place: null, extended: false });
  },
  asked,
  readiness: [],
};

const offices = new Subject({ offices: [office] });
const found = { official: { displayName: 'Claire Weber' } } as CallView;
const profile = {
  loadName: async () => await Promise.resolve(null),
  saveName: async () => await Promise.resolve(),
  loadNeeds: async () => await Promise.resolve(query.has('needs') ? (['sign-language'] as const) : []),
  saveNeeds: async () => await Promise.resolve(),
};

function page(): TemplateResult {
  const shown = query.get('page');
  if (shown === 'check')
    return html`<gov-device-check-page
        .probes=${{ ping: async () => await Promise.resolve(), openMedia: query.has('blocked') ? () => Promise.reject(new Error('blocked')) : null }}
        .origin=${query.has('call') ? { kind: 'call', path: '/calls/1' } : { kind: 'line', path: '/queue/1' }}
        .onReadiness=${async (readiness: Readiness) => {
          globalThis.line.readiness.push(readiness);
          return await Promise.resolve(true);
        }}
      ></gov-device-check-page>`;
  if (shown === 'number')
    return html`<gov-line-page
        .service=${service}
        .office=${office}
        .entries=${entries}
        .profile=${profile}
        .openConversation=${async () => await Promise.resolve(newId<'conversation'>())}
      ></gov-line-page>`;
  if (shown === 'other') return html`<h1>Another page</h1>`;
  return html`<gov-waiting-room
        .entryId=${entry.entryId}
        .entries=${entries}
        .offices=${offices}
        .conversation=${() => nothing}
        .appointmentAt=${() => null}
        .onNeeds=${() => undefined}
      ></gov-waiting-room>`;
}

render(
  html`<gov-your-turn
      .entries=${entries}
      .offices=${offices}
      .findCall=${async () => await Promise.resolve(found)}
      .currentPath=${query.has('page') ? '/elsewhere' : `/queue/${entry.entryId}`}
    ></gov-your-turn>
    <main class="frame page">${page()}</main>`,
  document.body,
);
