/** Arrow keys, J and K, Home and End within the focused list; no wrapping round. */
export function moveInList(event: KeyboardEvent, rows: readonly HTMLElement[]): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const index = rows.findIndex((row) => row === event.target);
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: index + 1,
    j: index + 1,
    ArrowUp: index - 1,
    k: index - 1,
    Home: 0,
    End: rows.length - 1,
  };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  rows[Math.min(Math.max(step, 0), rows.length - 1)]?.focus();
}

/** F6 or Ctrl+F6 goes to the next part of the page, with Shift to the one before; round and round. */
export function cycleRegions(page: ParentNode, event: KeyboardEvent): void {
  if (event.altKey || event.metaKey) return;
  const regions = [...page.querySelectorAll<HTMLElement>('[data-region]')].filter((region) => region.checkVisibility());
  const here = regions.findIndex((region) => event.target instanceof Node && region.contains(event.target));
  const next = regions.at((here + (event.shiftKey ? -1 : 1)) % regions.length);
  if (next === undefined) return;
  event.preventDefault();
  const stop = next.querySelector<HTMLElement>('[data-conversation][tabindex="0"], textarea');
  (stop ?? next).focus();
}
