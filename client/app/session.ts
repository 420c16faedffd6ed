import type { SessionView } from '../../server/protocol/accounts.ts';
import { createHttp } from '../net/http.ts';
import { Subject } from '../net/observable.ts';

export const http = createHttp({ origin: location.origin, fetch: (...request) => fetch(...request) });

/** Who is signed in; null before `loadSession` and when nobody is. */
export const session = new Subject<SessionView | null>(null);

let loading: Promise<void> | undefined;

/** Asks the server once who is signed in; later calls wait for the same answer. A server out of reach counts as nobody. */
export function loadSession(): Promise<void> {
  loading ??= fetchSession();
  return loading;
}

async function fetchSession(): Promise<void> {
  try {
    const view = await http('GET /api/session');
    if (view !== null) session.set(view);
  } catch {
    // The page's own requests say in words what is wrong; the next guarded page asks again.
    loading = undefined;
  }
}
