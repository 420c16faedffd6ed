import { html, nothing, type TemplateResult } from 'lit';
import type { LoadFigures, ServiceLoad, WaitAccuracy } from '../../server/protocol/supervision.ts';
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
          <th scope="col">${t('supervision.announcedColumn')}</th>
          <th scope="col">${t('supervision.stateColumn')}</th>
        </tr>
      </thead>
      <tbody>
        ${services.map(({ serviceId, waiting, longestWaitSince, accuracy }) => {
          const minutes = longestWaitSince === null ? null : minutesSince(longestWaitSince, now);
          return html`<tr>
            <th scope="row">${serviceName(offices.offices, serviceId)}</th>
            <td>${fmt.number(waiting)}</td>
            <td>${minutes === null ? t('supervision.nobody') : fmt.duration(minutes * 60_000)}</td>
            <td class="accuracy-words">${accuracyWords(accuracy)}</td>
            <td>${stateBadge(judgeWait(minutes))}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

/** A share of fewer says nothing. */
const minCalculated = 20;

/** How good the announced waits of all services were, in a sentence; nothing before there were any. */
export function accuracyNote({ services }: LoadFigures): TemplateResult | typeof nothing {
  const sum = (figure: Exclude<keyof WaitAccuracy, 'medianErrorMinutes'>): number =>
    services.reduce((all, { accuracy }) => all + (accuracy?.[figure] ?? 0), 0);
  const count = sum('announced');
  if (count === 0) return nothing;
  const percent = (figure: 'within' | 'longer'): string => fmt.number(Math.round((100 * sum(figure)) / count));
  const calculated = sum('calculated');
  return html`<section aria-labelledby="accuracy">
    <h2 id="accuracy">${t('supervision.accuracyTitle')}</h2>
    <p>${t('supervision.accuracyText', { count, within: percent('within') })} ${t('supervision.accuracyLonger', { longer: percent('longer') })}</p>
    ${calculated < minCalculated ? nothing : html`<p>${t('supervision.accuracyCalculated', { percent: fmt.number(Math.round((100 * sum('asCalculated')) / calculated)) })}</p>`}
  </section>`;
}

function accuracyWords(accuracy: ServiceLoad['accuracy']): string {
  if (accuracy === null) return t('supervision.accuracyNone');
  const { announced, within, medianErrorMinutes } = accuracy;
  return t('supervision.accuracy', {
    within: fmt.number(Math.round((100 * within) / announced)),
    count: announced,
    minutes: fmt.number(Math.round(medianErrorMinutes)),
  });
}

const states = {
  available: ['ok', 'supervision.stateAvailable'],
  'in-call': ['ok', 'supervision.stateInCall'],
  break: ['watch', 'supervision.stateBreak'],
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
