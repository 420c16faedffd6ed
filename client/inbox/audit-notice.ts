import { nothing, html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { notice } from '../ui/notice.ts';
import type { AuditState } from './box-audit.ts';

/** Said in words as long as nothing may be sealed to the inbox. */
export function auditNotice(state: AuditState): TemplateResult | typeof nothing {
  if (state !== 'failed') return nothing;
  return notice({ kind: 'danger', heading: t('team.auditFailedTitle'), body: html`<p>${t('team.auditFailedText')}</p>` });
}
