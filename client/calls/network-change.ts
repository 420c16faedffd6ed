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
