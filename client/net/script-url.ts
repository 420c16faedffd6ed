/**
 * The address of one of our own workers, as the page's policy wants it: starting a worker runs a script, and Trusted Types ask for a
 * policy that lets nothing else through. Throws a TypeError for every other address.
 */
export function ownScriptUrl(url: string): string {
  const { trustedTypes } = globalThis;
  if (trustedTypes === undefined) return requireOwn(url);
  policy ??= trustedTypes.createPolicy('schalter-worker', { createScriptURL: requireOwn });
  // The library for pages has Worker and ServiceWorkerContainer take text only.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return policy.createScriptURL(url) as unknown as string;
}

/** Built files and the one service worker, of this origin. */
function requireOwn(url: string): string {
  const { origin, pathname } = new URL(url, location.href);
  if (origin !== location.origin || !/^\/(?:assets\/[\w-][\w.-]*|service-worker)\.js$/.test(pathname))
    throw new TypeError('not a worker of ours');
  return url;
}

interface ScriptUrlPolicy {
  createScriptURL(url: string): { toString(): string };
}

let policy: ScriptUrlPolicy | undefined;

declare global {
  var trustedTypes:
    | { createPolicy(name: string, rules: { readonly createScriptURL: (url: string) => string }): ScriptUrlPolicy }
    | undefined;
}
