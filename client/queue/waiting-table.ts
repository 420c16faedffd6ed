import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import chevronsUp from 'lucide-static/icons/chevrons-up.svg?icon';
import circlePause from 'lucide-static/icons/circle-pause.svg?icon';
import cornerUpRight from 'lucide-static/icons/corner-up-right.svg?icon';
import ellipsis from 'lucide-static/icons/ellipsis.svg?icon';
import phoneCall from 'lucide-static/icons/phone-call.svg?icon';
import phoneMissed from 'lucide-static/icons/phone-missed.svg?icon';
import type { CallId } from '../../server/protocol/ids.ts';
import type { WaitingEntry } from '../../server/protocol/queue.ts';
import { languageNames } from '../i18n/locale.ts';
import { serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import '../ui/elapsed.ts';
import { type Desk, type DeskState, mayCall, ringing } from './desk.ts';
import { type EntryActs, entryActs } from './entry-acts.ts';
import { entryFacts } from './entry-facts.ts';
import './seconds-left.ts';

interface WaitingTable {
  readonly desk: Desk;
  readonly offices: KnownOffices;
  readonly callPath: (callId: CallId) => string;
}

/** Who waits, in the order of the line, each with what is known of the person and what can be done. */
export function waitingTable(table: WaitingTable): TemplateResult {
  const waiting = table.desk.state.value.entries.filter(({ state }) => state !== 'parked');
  if (waiting.length === 0) return html`<p class="card">${t('inbox.lineEmpty')}</p>`;
  return entriesTable(waiting, table);
}

/** Those who did not come three times, or were set aside: they come back by themselves. */
export function parkedTable(table: WaitingTable): TemplateResult | typeof nothing {
  const parked = table.desk.state.value.entries.filter(({ state }) => state === 'parked');
  if (parked.length === 0) return nothing;
  return html`<section aria-labelledby="parked">
    <h2 id="parked">${t('inbox.parkedTitle')}</h2>
    <p>${t('inbox.parkedText')}</p>
    ${entriesTable(parked, table)}
  </section>`;
}

function entriesTable(entries: readonly WaitingEntry[], { desk, offices, callPath }: WaitingTable): TemplateResult {
  const state = desk.state.value;
  const acts = entryActs({ desk, offices, callPath });
  return html`<div class="table-holder">
    <table class="desk-table" role="table">
      <thead role="rowgroup">
        <tr role="row">
          ${headings([t('inbox.ticket'), t('inbox.service'), t('inbox.since'), t('inbox.known'), t('inbox.presence')])}
          <th scope="col" role="columnheader"><span class="visually-hidden">${t('inbox.acts')}</span></th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${repeat(
          entries,
          ({ entryId }) => entryId,
          (entry) => row(entry, { state, offices, acts }),
        )}
      </tbody>
    </table>
  </div>`;
}

interface Row {
  readonly state: DeskState;
  readonly offices: KnownOffices;
  readonly acts: EntryActs;
}

function row(entry: WaitingEntry, { state, offices, acts }: Row): TemplateResult {
  const { ticketNumber, serviceId, language, joinedAt } = entry;
  return html`<tr role="row" data-state=${entry.state}>
    <th scope="row" role="rowheader" class="ticket-cell">${ticketNumber}</th>
    <td role="cell">
      ${serviceName(offices.offices, serviceId)}
      <span class="meta desk-second" lang=${language}>${languageNames[language]}</span>
    </td>
    <td role="cell" data-label=${t('inbox.since')}><gov-elapsed .since=${joinedAt}></gov-elapsed></td>
    <td role="cell">${entryFacts(entry)}</td>
    <td role="cell">${presence(entry, state)}</td>
    <td role="cell" class="desk-acts">${buttons(entry, { state, acts })}</td>
  </tr>`;
}

function presence(entry: WaitingEntry, state: DeskState): TemplateResult {
  if (entry.state === 'parked') return badge('off', t('inbox.parked'));
  if (entry.state === 'waiting') {
    const here = entry.present ? badge('ok', t('inbox.present')) : badge('off', t('inbox.away'));
    return entry.servable ? here : html`${here} <span class="meta desk-second">${t('inbox.notYours')}</span>`;
  }
  const words = ringing(state)?.entryId === entry.entryId ? t('inbox.youCall') : t('inbox.colleagueCalls');
  const left = html`<gov-seconds-left class="meta desk-second" .until=${entry.answerBy ?? 0} .clockAheadMs=${state.clockAheadMs}></gov-seconds-left>`;
  return html`${badge('watch', words)} ${entry.answerBy === null ? nothing : left}`;
}

function buttons(entry: WaitingEntry, { state, acts }: Pick<Row, 'state' | 'acts'>): TemplateResult | typeof nothing {
  const { ticketNumber: ticket, priority } = entry;
  if (entry.state === 'parked') return nothing;
  if (entry.state === 'called') {
    if (ringing(state)?.entryId !== entry.entryId) return nothing;
    return html`<button class="button button-secondary" aria-label=${t('inbox.callAgainTicket', { ticket })} @click=${() => void acts.callAgain(entry)}>
        ${phoneCall}${t('inbox.callAgain')}
      </button>
      <button class="button button-secondary" aria-label=${t('inbox.didNotComeTicket', { ticket })} @click=${() => void acts.markMissed(entry)}>
        ${phoneMissed}${t('inbox.didNotCome')}
      </button>`;
  }
  const item = (icon: TemplateResult, words: string, act: (entry: WaitingEntry) => Promise<void>): TemplateResult =>
    html`<li>
      <button class="button button-quiet" @click=${(event: Event) => void closeMenu(event, async () => await act(entry))}>${icon}<span>${words}</span></button>
    </li>`;
  return html`<button
      class="button button-secondary"
      aria-label=${t('inbox.acceptTicket', { ticket })}
      aria-disabled=${entry.servable && mayCall(state) ? nothing : 'true'}
      @click=${() => void acts.call(entry)}
    >
      ${t(state.accepting === entry.entryId ? 'inbox.accepting' : 'inbox.accept')}
    </button>
    <details class="row-menu" @keydown=${closeByEscape}>
      <summary class="button button-quiet" aria-label=${t('inbox.moreTicket', { ticket })}>${ellipsis}<span>${t('inbox.more')}</span></summary>
      <ul>
        ${item(chevronsUp, priority === null ? t('inbox.firstAsk') : t('inbox.firstEnd'), acts.prioritise)}
        ${item(cornerUpRight, t('inbox.redirectAsk'), acts.redirect)} ${item(circlePause, t('inbox.park'), acts.park)}
      </ul>
    </details>`;
}

/** The menu's button has the focus again before anything is asked, so that it has it after that, too. */
async function closeMenu(event: Event, act: () => Promise<void>): Promise<void> {
  const menu = event.currentTarget instanceof Element ? event.currentTarget.closest('details') : null;
  if (menu) {
    menu.open = false;
    menu.querySelector('summary')?.focus();
  }
  await act();
}

function closeByEscape(event: KeyboardEvent): void {
  if (event.key !== 'Escape' || !(event.currentTarget instanceof HTMLDetailsElement) || !event.currentTarget.open) return;
  event.stopPropagation();
  event.currentTarget.open = false;
  event.currentTarget.querySelector('summary')?.focus();
}

function headings(names: readonly string[]): readonly TemplateResult[] {
  return names.map((name) => html`<th scope="col" role="columnheader">${name}</th>`);
}
