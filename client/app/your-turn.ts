import { html, nothing, type TemplateResult } from 'lit';
import type { CallView } from '../../server/protocol/calls.ts';
import type { CallId } from '../../server/protocol/ids.ts';
import { loadAreas } from '../i18n/translate.ts';
import { callRoute } from './call-route.ts';
import { citizen, hasCompanions } from './citizen.ts';
import type { Core } from './core.ts';
import { officeList } from './offices.ts';

/** Tells a citizen on every page when it is his turn. `path` is the present page's, without the language. */
export function yourTurn(path: string): TemplateResult | typeof nothing {
  const present = citizen.value;
  if (present === null || !hasCompanions.value) return nothing;
  const { core, entries } = present;
  const findCall = async (callId: CallId): Promise<CallView | null> => {
    const { calls } = await core.request('call:list-mine', {});
    const call = calls.find((each) => each.callId === callId) ?? null;
    if (call !== null) bringCallPage(core, callId);
    return call;
  };
  return html`<gov-your-turn .entries=${entries} .offices=${officeList.state} .findCall=${findCall} .currentPath=${path}></gov-your-turn>`;
}

/** While it rings: whoever answers then waits for nothing but the call. What fails here is tried again by the page. */
function bringCallPage({ request }: Core, callId: CallId): void {
  const page = Promise.all([loadAreas(callRoute.areas), callRoute.load()]);
  const device = import('../calls/media/media-capabilities.ts').then(({ prepareDevice }) => prepareDevice(request, callId));
  Promise.all([page, device]).catch(() => undefined);
}
