import { readdirSync, readFileSync } from 'node:fs';
import MessageFormat from '@messageformat/core';
import compileModule from '@messageformat/core/compile-module.js';
import type { Plugin } from 'vite';
import { locales, type Locale } from '../../server/protocol/locale.ts';

const directory = new URL('../i18n/', import.meta.url);
const isLocale = (value: string | undefined): value is Locale => locales.some((locale) => locale === value);

/** What every page needs; travels as one file a language. */
const commonAreas = ['shell', 'ui', 'time', 'errors'];

/** Names of the areas that have a catalogue, in alphabetical order. */
export function listAreas(): string[] {
  return readdirSync(new URL('en/', directory))
    .map((file) => file.replace('.json', ''))
    .sort();
}

/** The ICU MessageFormat texts of one area, by key. */
export function readCatalogue(locale: Locale, area: string): Record<string, string> {
  return JSON.parse(readFileSync(catalogueFile(locale, area), 'utf8'));
}

/** Compiles one area into the source of an ES module: a default export with a function `(values) => string` for each key. */
export function compileCatalogue(locale: Locale, area: string): string {
  const source = compileModule(new MessageFormat(locale), readCatalogue(locale, area));
  // Chromium has no Luxembourgish numerals and would print English ones; the German ones are the same.
  return locale === 'lb' ? source.replaceAll('number("lb"', 'number("de"') : source;
}

/** Serves `virtual:catalogues`: for each language a loader for every area, and one for the common areas together. */
export function catalogues(): Plugin {
  return {
    name: 'catalogues',
    resolveId: (id) => (id.startsWith('virtual:catalogue') ? `\0${id}` : undefined),
    load(id) {
      if (id === '\0virtual:catalogues') return indexSource();
      const [, locale, area] = id.startsWith('\0virtual:catalogue/') ? id.split('/') : [];
      if (!isLocale(locale) || area === undefined) return undefined;
      if (area === 'common')
        return commonAreas.map((name) => `export { default as ${name} } from 'virtual:catalogue/${locale}/${name}';`).join('\n');
      this.addWatchFile(catalogueFile(locale, area).pathname);
      return compileCatalogue(locale, area);
    },
  };
}

function catalogueFile(locale: Locale, area: string): URL {
  return new URL(`${locale}/${area}.json`, directory);
}

function indexSource(): string {
  const own = listAreas().filter((area) => !commonAreas.includes(area));
  const loaders = locales.flatMap((locale) => [
    `'${locale}/common': () => import('virtual:catalogue/${locale}/common')`,
    ...own.map((area) => `'${locale}/${area}': async () => ({ '${area}': (await import('virtual:catalogue/${locale}/${area}')).default })`),
  ]);
  return `export default {\n${loaders.join(',\n')}\n};`;
}
