import { locales } from '../../server/protocol/locale.ts';
import type { ServiceView } from '../../server/protocol/offices.ts';

/** Without case and accents: "fuehrerschäin" and "FUEHRERSCHAIN" are the same word. */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{Diacritic}/gu, '')
    .toLowerCase();
}

/** Whether every word of `query` begins or stands within some word of the service, in any language: people search in the one they think in. */
export function matches(service: Pick<ServiceView, 'name' | 'summary' | 'keywords'>, query: string): boolean {
  const text = plain([...locales.flatMap((locale) => [service.name[locale], service.summary[locale]]), ...service.keywords].join(' '));
  return plain(query)
    .split(/\s+/)
    .every((word) => text.includes(word));
}
