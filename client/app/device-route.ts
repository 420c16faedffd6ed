import { html, type TemplateResult } from 'lit';
import type { Readiness } from '../../server/protocol/queue.ts';
import type { CheckOrigin } from '../calls/check/device-check-page.ts';
import { rememberReadiness } from '../calls/check/last-check.ts';
import type { LineProbes } from '../calls/check/line-check.ts';
import { RequestError } from '../net/request-error.ts';
import { citizen } from './citizen.ts';
import type { Route } from './route.ts';
import { http, session } from './session.ts';
import { core, loadCoreIfSignedIn } from './the-core.ts';

/** The device check, for everybody: also before signing in, and for staff. */
export const deviceRoute: Route = {
  path: '/device-check',
  areas: ['calls', 'devices', 'needs'],
  load: async () => await Promise.all([import('../calls/check/device-check-page.ts'), loadCoreIfSignedIn()]),
  render: (): TemplateResult =>
    html`<gov-device-check-page .probes=${probes()} .origin=${origin()} .onReadiness=${tell}></gov-device-check-page>`,
};

function probes(): LineProbes {
  if (session.value === null) return { ping: async () => await http('GET /api/session'), openMedia: null };
  const { request } = core();
  const openMedia = async (): Promise<number> => {
    const { openMediaProbe } = await import('../calls/media/media-probe.ts');
    return await openMediaProbe(request);
  };
  return { ping: async () => await request('call:list-mine', {}), openMedia };
}

/** Where the address says the person came from. */
function origin(): CheckOrigin | null {
  const query = new URLSearchParams(location.search);
  for (const { name, kind, path } of origins) {
    const id = query.get(name);
    if (id !== null && /^[\w-]{1,64}$/.test(id)) return { kind, path: `${path}/${id}` };
  }
  return null;
}

const origins = [
  { name: 'entry', kind: 'line', path: '/queue' },
  { name: 'appointment', kind: 'appointment', path: '/appointments' },
  { name: 'call', kind: 'call', path: '/calls' },
] as const;

/** The offices where the citizen waits see what was found; it is kept here for a number that is taken soon. */
async function tell(readiness: Readiness): Promise<boolean> {
  rememberReadiness(readiness);
  const entries = citizen.value?.entries;
  const open = entries?.state.value.entries.filter(({ state }) => state === 'waiting' || state === 'called' || state === 'parked') ?? [];
  try {
    for (const { entryId } of open) await entries?.setReadiness(entryId, readiness);
    return open.length > 0;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return false;
  }
}
