import { html, nothing, type TemplateResult } from 'lit';
import type { CallView } from '../../server/protocol/calls.ts';
import type { CallId } from '../../server/protocol/ids.ts';
import { citizen, hasCompanions } from './citizen.ts';
import { officeList } from './offices.ts';

/** Tells a citizen on every page when it is his turn. `path` is the present page's, without the language. */
export function yourTurn(path: string): TemplateResult | typeof nothing {
  const present = citizen.value;
  if (present === null || !hasCompanions.value) return nothing;
  const findCall = async (callId: CallId): Promise<CallView | null> => {
    const { calls } = await present.core.request('call:list-mine', {});
    return calls.find((call) => call.callId === callId) ?? null;
  };
  return html`<gov-your-turn .entries=${present.entries} .offices=${officeList.state} .findCall=${findCall} .currentPath=${path}></gov-your-turn>`;
}
