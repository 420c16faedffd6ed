import { html, type TemplateResult } from 'lit';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import { actWaitMinutes, type Judgement, type Overview, waitingPerOfficial, watchWaitMinutes } from './judgement.ts';

export type TileName = keyof Overview['judgements'];

const words = { ok: 'ui.stateOk', watch: 'ui.stateWatch', act: 'ui.stateAct' } as const satisfies Record<Judgement, string>;

export function stateWord(judgement: Judgement): string {
  return t(words[judgement]);
}

export function stateBadge(judgement: Judgement): TemplateResult {
  return badge(judgement, stateWord(judgement));
}

export function tileName(name: TileName): string {
  return t(`supervision.${name}`);
}

/** The three figures, each with its target and its state as word and shape. */
export function figureTiles({ waiting, longestMinutes, available, inCall, judgements }: Overview): TemplateResult {
  const longest =
    longestMinutes === null
      ? html`<span class="wall-none">${t('supervision.longestNone')}</span>`
      : html`${fmt.number(longestMinutes)}<small>${t('supervision.minutesShort')}</small>`;
  return html`<ul class="wall-tiles" aria-label=${t('supervision.tiles')}>
    ${tile('waiting', fmt.number(waiting), t('supervision.waitingTarget', { count: waitingPerOfficial }), judgements.waiting)}
    ${tile('longest', longest, t('supervision.longestTarget', { count: watchWaitMinutes }), judgements.longest)}
    ${tile('available', fmt.number(available), t('supervision.inCall', { count: inCall }), judgements.available)}
  </ul>`;
}

/** One line: what to do now, the worst first. */
export function adviceText({ judgements }: Overview): string {
  if (judgements.available === 'act') return t('supervision.adviceNobody');
  if (judgements.longest === 'act') return t('supervision.adviceLong', { count: actWaitMinutes });
  if (judgements.longest === 'watch') return t('supervision.adviceLong', { count: watchWaitMinutes });
  if (judgements.waiting === 'watch') return t('supervision.adviceMany');
  return judgements.available === 'watch' ? t('supervision.adviceAbsent') : t('supervision.adviceCalm');
}

function tile(name: TileName, value: unknown, target: unknown, judgement: Judgement): TemplateResult {
  return html`<li class="wall-tile" data-tile=${name}>
    <h2>${tileName(name)}</h2>
    <p class="tile-value">${value}</p>
    <p class="tile-target">${target}</p>
    ${stateBadge(judgement)}
  </li>`;
}
