const tickMs = 2_000;
/** Timers of a page in the background are held back to once a second; later than this the page slept. */
const sleptMs = 6_000;

/** Calls the listener whenever the page may have slept or lost its network: shown again, back online, or its clock jumped. Returns stop. */
export function onWake(listener: () => void): () => void {
  const stops = [onClockJump(listener)];
  if (typeof document !== 'undefined') {
    const onVisible = () => {
      if (document.visibilityState === 'visible') listener();
    };
    document.addEventListener('visibilitychange', onVisible);
    globalThis.addEventListener('pageshow', listener);
    globalThis.addEventListener('online', listener);
    stops.push(() => {
      document.removeEventListener('visibilitychange', onVisible);
      globalThis.removeEventListener('pageshow', listener);
      globalThis.removeEventListener('online', listener);
    });
  }
  return () => {
    for (const stop of stops) stop();
  };
}

function onClockJump(listener: () => void): () => void {
  let lastTick = Date.now();
  const timer = setInterval(() => {
    const slept = Date.now() - lastTick > sleptMs;
    lastTick = Date.now();
    if (slept) listener();
  }, tickMs);
  return () => clearInterval(timer);
}

/** Whether the browser itself says that there is no network. Node says nothing. */
export function isBrowserOffline(): boolean {
  return typeof document !== 'undefined' && !navigator.onLine;
}
