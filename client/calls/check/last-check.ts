import { readinesses, type Readiness } from '../../../server/protocol/queue.ts';

const storageKey = 'device-check';
/** After this long, somebody may sit elsewhere with other devices. */
const validMs = 2 * 60 * 60_000;

/** Keeps what the device check found, on this device only. */
export function rememberReadiness(readiness: Readiness): void {
  localStorage.setItem(storageKey, `${readiness} ${Date.now()}`);
}

/** What the device check found here in the last two hours; null when there was none. */
export function recentReadiness(): Readiness | null {
  const [found, at] = (localStorage.getItem(storageKey) ?? '').split(' ');
  const isRecent = Math.abs(Date.now() - Number(at)) < validMs;
  return isRecent ? (readinesses.find((readiness) => readiness === found) ?? null) : null;
}
