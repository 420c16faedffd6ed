import type { Opening } from '../../server/protocol/offices.ts';
import { fmt } from '../i18n/fmt.ts';

/** Whether a number can be taken at this moment: open, and before the last admission. */
export function admits(opening: Opening, now: number): boolean {
  return opening.state === 'open' && now <= opening.admitsUntil;
}

/** Whether the hour alone says when it is: of another day it would mislead. */
export function isToday(at: number): boolean {
  return fmt.dateKey(at) === fmt.dateKey(Date.now());
}
