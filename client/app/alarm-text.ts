import { t } from '../i18n/translate.ts';
import type { Alarm } from '../storage/alarm.ts';

const alarmTexts = {
  'registry-changed': 'account.alarmRegistry',
  'receipt-key-changed': 'account.alarmReceiptKey',
  'history-changed': 'account.alarmHistory',
  rollback: 'account.alarmRollback',
  'chain-invalid': 'account.alarmInvalid',
} as const satisfies Record<Alarm['kind'], string>;

/** What a person reads when the server was caught. */
export function alarmText(kind: Alarm['kind']): string {
  return t(alarmTexts[kind]);
}
