import { html, nothing, type TemplateResult } from 'lit';
import { loadAreas } from '../i18n/translate.ts';
import { Subject, type Observable } from '../net/observable.ts';
import { official } from './official.ts';
import { session } from './session.ts';
import { core } from './the-core.ts';

const loaded = new Subject(false);

/** Whether what tells an official that a colleague asks him into a call has been loaded. */
export const hasAskedBar: Observable<boolean> = loaded;

/** Tells an official on every page that a colleague asks him into a call. `path` is the present page's, without the language. */
export function askedBar(path: string): TemplateResult | typeof nothing {
  const accountId = session.value?.accountId;
  if (official.value === null || accountId === undefined) return nothing;
  if (!loaded.value) {
    void Promise.all([import('../calls/people/asked-bar.ts'), loadAreas(['guests'])]).then(() => loaded.set(true));
    return nothing;
  }
  return html`<gov-asked-bar .line=${core()} .accountId=${accountId} .currentPath=${path}></gov-asked-bar>`;
}
