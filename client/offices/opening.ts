import type { TemplateResult } from 'lit';
import type { ServiceView } from '../../server/protocol/offices.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';

/** Beyond a day, the hour alone would mislead. */
const aDayMs = 24 * 60 * 60_000;

/** Open or closed, and until when, in words. */
export function openingBadge({ opening }: ServiceView): TemplateResult {
  if (opening.state === 'open' && opening.closesAt - Date.now() > aDayMs) return badge('ok', t('offices.open'));
  if (opening.state === 'open') return badge('ok', t('offices.openUntil', { time: fmt.time(opening.closesAt) }));
  if (opening.opensAt === null) return badge('off', t('offices.closed'));
  return badge('off', t('offices.closedUntil', { when: fmt.dateTime(opening.opensAt) }));
}

/** The wait for somebody who joins now, in words. */
export function waitWords({ wait, waiting }: ServiceView): string {
  if (wait === null) return waiting === 0 ? t('offices.noWait') : t('offices.waitUnknown');
  return wait.toMinutes < 1 ? t('offices.noWait') : t('offices.wait', { wait: fmt.wait(wait) });
}
