import { t } from '../../i18n/translate.ts';
import type { MediaFailure } from './media-devices.ts';

const fixes = {
  denied: 'calls.deviceDenied',
  'blocked-by-system': 'calls.deviceSystem',
  none: 'calls.deviceMissing',
  busy: 'calls.deviceBusy',
  insecure: 'calls.deviceInsecure',
  failed: 'calls.deviceFailed',
} as const satisfies Record<MediaFailure, string>;

/** Why there is no picture or no sound, and what the person can do about it. */
export function deviceFailureText(failure: MediaFailure): string {
  return t(fixes[failure]);
}
