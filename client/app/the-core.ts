import { followCitizen } from './citizen.ts';
import type { Core, CoreSession } from './core.ts';
import { lineStatus } from './line-status.ts';
import { followOfficial } from './official.ts';
import { loadSession, session } from './session.ts';

let loading: Promise<Core> | undefined;
let present: Core | undefined;

/** Brings the core: cryptography, keys, the line to the server. Pages for everybody do without it, so it comes when it is needed. */
export function loadCore(): Promise<Core> {
  loading ??= import('./browser-core.ts').then(async ({ createBrowserCore }) => {
    present = await createBrowserCore();
    connectShell(present);
    followCitizen(present);
    followOfficial(present);
    leaveWithPage(present);
    return present;
  });
  return loading;
}

/** Somebody who is signed in is to be reached on every page: calls, new messages. */
export async function loadCoreIfSignedIn(): Promise<void> {
  await loadSession();
  if (session.value !== null) await loadCore();
}

/** The core, on a page whose route has brought it. */
export function core(): Core {
  if (present === undefined) throw new Error('this page needs the core, and its route does not bring it');
  return present;
}

/** The shell shows who is signed in and how the line is; from here on the core knows better than the first answer did. */
function connectShell({ session: coreSession, connection }: Core): void {
  const show = (state: CoreSession): void => {
    if (state.state !== 'starting') session.set('session' in state ? state.session : null);
    lineStatus.set('session' in state ? connection.value.status : null);
  };
  show(coreSession.value);
  coreSession.subscribe(show);
  connection.subscribe(({ status }) => lineStatus.set('session' in coreSession.value ? status : null));
}

/** On a device that is not the person's own the session ends with the page: whoever opens the browser next finds nobody signed in. */
function leaveWithPage({ ownDevice }: Core): void {
  addEventListener('pagehide', () => {
    // The page does not live to see the answer.
    if (ownDevice.value === 'passing') void fetch('/api/session', { method: 'DELETE', keepalive: true });
  });
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted && ownDevice.value === 'passing') location.reload();
  });
}
