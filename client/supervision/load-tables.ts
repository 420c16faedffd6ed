import { html, type TemplateResult } from 'lit';
import type { LoadFigures } from '../../server/protocol/supervision.ts';
import { fmt } from '../i18n/fmt.ts';
import { serviceName, type KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import { stateBadge } from './figure-tiles.ts';
import { judgeWait, minutesSince } from './judgement.ts';

/** The same figures for each service. `now` is by the server's clock. */
export function serviceTable(
  { services }: LoadFigures,
  { offices, now }: { readonly offices: KnownOffices; readonly now: number },
): TemplateResult {
  return html`<div class="table-holder" role="region" tabindex="0" aria-labelledby="per-service">
    <table>
      <thead>
        <tr>
          <th scope="col">${t('supervision.service')}</th>
          <th scope="col">${t('supervision.waitingColumn')}</th>
          <th scope="col">${t('supervision.longestColumn')}</th>
          <th scope="col">${t('supervision.stateColumn')}</th>
        </tr>
      </thead>
      <tbody>
        ${services.map(({ serviceId, waiting, longestWaitSince }) => {
          const minutes = longestWaitSince === null ? null : minutesSince(longestWaitSince, now);
          return html`<tr>
            <th scope="row">${serviceName(offices.offices, serviceId)}</th>
            <td>${fmt.number(waiting)}</td>
            <td>${minutes === null ? t('supervision.nobody') : fmt.duration(minutes * 60_000)}</td>
            <td>${stateBadge(judgeWait(minutes))}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

const states = {
  available: ['ok', 'supervision.stateAvailable'],
  'in-call': ['ok', 'supervision.stateInCall'],
  away: ['off', 'supervision.stateAway'],
} as const satisfies Record<LoadFigures['officials'][number]['state'], readonly [string, string]>;

/** Who is there, by name: not a ranking. */
export function teamList({ officials }: LoadFigures): TemplateResult {
  if (officials.length === 0) return html`<p class="card">${t('supervision.teamEmpty')}</p>`;
  const byName = officials.toSorted((one, other) => (one.displayName < other.displayName ? -1 : 1));
  return html`<ul class="rows team">
    ${byName.map(({ displayName, state }) => html`<li class="team-row"><span>${displayName}</span>${badge(states[state][0], t(states[state][1]))}</li>`)}
  </ul>`;
}
