/** A path of this service that the address names in a parameter; anything else is as good as none. */
export function ownPath(parameter: string): string | null {
  const path = new URLSearchParams(location.search).get(parameter);
  return path !== null && /^\/(?!\/)/.test(path) ? path : null;
}
