/**
 * The keys of a call (ux.md §3.7): Ctrl+D the microphone, Ctrl+E the camera, F2 the controls. Only chords and a function key, so
 * that nobody who types or dictates presses them by accident; with a dialog open they are left alone.
 */
export function onCallKey(event: KeyboardEvent, acts: { microphone: () => void; camera: () => void; controls: () => void }): void {
  if (event.defaultPrevented || event.altKey || event.shiftKey || document.querySelector('dialog[open]') !== null) return;
  const act =
    event.ctrlKey || event.metaKey ? { d: acts.microphone, e: acts.camera }[event.key.toLowerCase()] : event.key === 'F2' && acts.controls;
  if (typeof act !== 'function') return;
  event.preventDefault();
  act();
}
