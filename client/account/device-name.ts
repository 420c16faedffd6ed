import { t } from '../i18n/translate.ts';
import type { AccountDevice } from './device-list.ts';

/** What a device is called on the page, where the person knows it by a name or by what it is. */
export function deviceName({ kind, label }: Pick<AccountDevice, 'kind' | 'label'>): string {
  if (kind === 'passkey') return t('security.kindPasskey');
  if (kind === 'recovery') return t('security.kindRecovery');
  return label === '' ? t('security.kindBrowser') : label;
}
