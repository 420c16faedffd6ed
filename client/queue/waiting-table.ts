import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { CallId } from '../../server/protocol/ids.ts';
import type { WaitingEntry } from '../../server/protocol/queue.ts';
import { fmt } from '../i18n/fmt.ts';
import { languageNames } from '../i18n/locale.ts';
import { serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import '../ui/elapsed.ts';
import { navigate } from '../ui/navigate.ts';
import type { Desk, DeskState } from './desk.ts';

interface WaitingTable {
  readonly desk: Desk;
  readonly offices: KnownOffices;
  readonly callPath: (callId: CallId) => string;
}

/** Who waits, in the order of the line, each with a button that calls the person. */
export function waitingTable({ desk, offices, callPath }: WaitingTable): TemplateResult {
  const state = desk.state.value;
  if (state.entries.length === 0) return html`<p class="card">${t('inbox.lineEmpty')}</p>`;
  const accept = async (entry: WaitingEntry): Promise<void> => {
    if (!mayAccept(state)) return;
    const callId = await desk.accept(entry.entryId);
    if (callId !== null) navigate(callPath(callId));
  };
  return html`<div class="table-holder">
    <table class="desk-table" role="table">
      <thead role="rowgroup">
        <tr role="row">
          ${headings([t('inbox.ticket'), t('inbox.service'), t('inbox.languageColumn'), t('inbox.since'), t('inbox.appointment'), t('inbox.presence')])}
          <th scope="col" role="columnheader"><span class="visually-hidden">${t('inbox.accept')}</span></th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${repeat(
          state.entries,
          ({ entryId }) => entryId,
          (entry) => waitingRow(entry, { state, offices, onAccept: accept }),
        )}
      </tbody>
    </table>
  </div>`;
}

function waitingRow(
  entry: WaitingEntry,
  {
    state,
    offices,
    onAccept,
  }: { readonly state: DeskState; readonly offices: KnownOffices; readonly onAccept: (entry: WaitingEntry) => Promise<void> },
): TemplateResult {
  const accepting = state.accepting === entry.entryId;
  return html`<tr role="row">
    <th scope="row" role="rowheader" class="ticket-cell">${entry.ticketNumber}</th>
    <td role="cell">${serviceName(offices.offices, entry.serviceId)}</td>
    <td role="cell" data-label=${t('inbox.languageColumn')}><span lang=${entry.language}>${languageNames[entry.language]}</span></td>
    <td role="cell" data-label=${t('inbox.since')}><gov-elapsed .since=${entry.joinedAt}></gov-elapsed></td>
    <td role="cell" data-label=${t('inbox.appointment')}>${entry.appointmentAt === null ? t('inbox.noAppointment') : fmt.time(entry.appointmentAt)}</td>
    <td role="cell">${entry.present ? badge('ok', t('inbox.present')) : badge('off', t('inbox.away'))}</td>
    <td role="cell">
      <button
        class="button button-secondary"
        aria-label=${t('inbox.acceptTicket', { ticket: entry.ticketNumber })}
        aria-disabled=${mayAccept(state) ? nothing : 'true'}
        @click=${() => void onAccept(entry)}
      >
        ${t(accepting ? 'inbox.accepting' : 'inbox.accept')}
      </button>
    </td>
  </tr>`;
}

function mayAccept({ available, accepting, call }: DeskState): boolean {
  return available && accepting === null && call === null;
}

function headings(names: readonly string[]): readonly TemplateResult[] {
  return names.map((name) => html`<th scope="col" role="columnheader">${name}</th>`);
}
