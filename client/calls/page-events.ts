/** Calls the listener when the browser says that it is on another network, or has one again. Returns stop. */
export function onNetworkChange(listener: () => void): () => void {
  // Not in every browser, and not in the types.
  const connection = 'connection' in navigator && navigator.connection instanceof EventTarget ? navigator.connection : null;
  globalThis.addEventListener('online', listener);
  connection?.addEventListener('change', listener);
  return () => {
    globalThis.removeEventListener('online', listener);
    connection?.removeEventListener('change', listener);
  };
}

/** Calls the listener when the page goes away: the others are to see it at once, and not when nothing has come for long. Returns stop. */
export function onPageHide(listener: () => void): () => void {
  globalThis.addEventListener('pagehide', listener);
  return () => globalThis.removeEventListener('pagehide', listener);
}
