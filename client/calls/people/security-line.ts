import { html, nothing, type TemplateResult } from 'lit';
import lock from 'lucide-static/icons/lock.svg?icon';
import lockOpen from 'lucide-static/icons/lock-open.svg?icon';
import { fmt } from '../../i18n/fmt.ts';
import { t } from '../../i18n/translate.ts';

export type SecurityState = 'alone' | 'agreeing' | 'encrypted' | 'alarm' | 'unsupported';

const sentences = {
  alone: 'calls.securityAlone',
  agreeing: 'calls.securityAgreeing',
  encrypted: 'calls.securityEncrypted',
  alarm: 'calls.securityAlarm',
  unsupported: 'calls.securityUnsupported',
} as const satisfies Record<SecurityState, string>;

export function securityText(state: SecurityState): string {
  return t(sentences[state]);
}

/**
 * One sentence: "encrypted" only when it is so, else what is missing; and the way to compare. `comparedAt`: when that was done with everybody
 * who is here; null: not, or with other keys. `onCompare` null: nothing to compare yet.
 */
export function securityLine(state: SecurityState, comparedAt: number | null, onCompare: (() => void) | null): TemplateResult {
  return html`<p class="call-security" data-state=${state}>
    ${state === 'encrypted' ? lock : lockOpen}
    <span>${comparedAt !== null && state === 'encrypted' ? t('calls.securityCompared', { date: fmt.shortDay(comparedAt) }) : securityText(state)}</span>
    ${onCompare === null ? nothing : html`<button class="button button-quiet" @click=${onCompare}>${t('calls.compare')}</button>`}
  </p>`;
}
