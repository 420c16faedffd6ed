import loaders from 'virtual:catalogues';
import type { Locale } from '../../server/protocol/locale.ts';
import type { Area, MessageKey } from './areas.ts';

export type MessageValues = Readonly<Record<string, string | number>>;
type Catalogue = Readonly<Record<string, (values: MessageValues) => string>>;

let current: Locale = 'lb';
let messages: Readonly<Record<string, Catalogue>> = {};
const areasInUse = new Set<string>(['common']);
const changed = new EventTarget();

/** The language the page is in. */
export function locale(): Locale {
  return current;
}

/**
 * The text for `key` in the page's language, with `values` put into its placeholders.
 * Throws when the key's area has not been loaded: that is a route that does not list it in `areas`.
 */
export function t(key: MessageKey, values: MessageValues = {}): string {
  const dot = key.indexOf('.');
  const message = messages[key.slice(0, dot)]?.[key.slice(dot + 1)];
  if (message === undefined) throw new Error(`no text loaded for ${key} (${current})`);
  return message(values);
}

/** Loads what is missing of `areas` in the page's language. Rejects when the network fails. */
export async function loadAreas(areas: readonly Area[]): Promise<void> {
  const wanted = current;
  const missing = areas.filter((area) => !(area in messages));
  for (const area of missing) areasInUse.add(area);
  const loaded = await fetchAreas(wanted, missing);
  if (wanted !== current) return loadAreas(areas);
  messages = { ...messages, ...loaded };
}

/**
 * Changes the page's language: loads every area in use, then tells all elements, so that nothing is drawn half in one
 * language. Only this language is downloaded. Rejects, and changes nothing, when the network fails.
 */
export async function setLocale(next: Locale): Promise<void> {
  let loaded: Record<string, Catalogue>;
  let areaCount: number;
  do {
    areaCount = areasInUse.size;
    loaded = await fetchAreas(next, [...areasInUse]);
    // A page that opened meanwhile has brought areas of its own.
  } while (areasInUse.size > areaCount);
  current = next;
  messages = loaded;
  changed.dispatchEvent(new Event('change'));
}

/** Calls `listener` after each change of language until the returned function is called. */
export function onLocaleChange(listener: () => void): () => void {
  changed.addEventListener('change', listener);
  return () => changed.removeEventListener('change', listener);
}

async function fetchAreas(wanted: Locale, areas: readonly string[]): Promise<Record<string, Catalogue>> {
  const parts = await Promise.all(areas.map((area) => fetchArea(wanted, area)));
  return Object.assign({}, ...parts);
}

function fetchArea(wanted: Locale, area: string): Promise<Record<string, Catalogue>> {
  const load = loaders[`${wanted}/${area}`];
  if (load === undefined) throw new Error(`no catalogue ${wanted}/${area}`);
  return load();
}
