import { errorText } from '../i18n/error-text.ts';
import { t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { PasskeyError } from './passkeys.ts';

/** What went wrong while signing in, and what to do about it, in the page's language. */
export function ceremonyErrorText(error: unknown): string {
  if (error instanceof RequestError) return errorText(error.code);
  if (!(error instanceof PasskeyError)) return errorText('internal');
  if (error.reason === 'cancelled') return t('account.cancelled');
  if (error.reason === 'known') return t('account.passkeyKnown');
  return error.reason === 'unsupported' ? t('account.unsupported') : t('account.ceremonyFailed');
}
