import { basename } from 'node:path';
import MessageFormat from '@messageformat/core';
import type { Plugin, Rolldown } from 'vite';
import { locales, type Locale } from '../../server/protocol/locale.ts';
import { languageNames } from '../i18n/locale.ts';
import { readCatalogue } from './catalogues.ts';

/**
 * Writes the first paint as plain HTML: `<locale>/index.html` for the start page and `<locale>/page.html` for every other
 * address of that language. `index.html` itself, for an address without a language, offers the five.
 */
export function localePages(): Plugin {
  return {
    name: 'locale-pages',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') throw new Error('vite has not made an index.html');
        const template = String(page.source);
        page.source = fill(template, 'lb', `<h1 class="visually-hidden">${text('lb', 'service')}</h1>`);
        for (const locale of locales) {
          const preload = preloads(bundle, locale);
          const localised = template.replace('</head>', `${preload}</head>`);
          this.emitFile({ type: 'asset', fileName: `${locale}/index.html`, source: fill(localised, locale, opening(locale)) });
          this.emitFile({
            type: 'asset',
            fileName: `${locale}/page.html`,
            source: fill(localised, locale, `<p class="loading">${text(locale, 'loading')}</p>`),
          });
        }
      },
    },
  };
}

/** The catalogue is needed at once and known only to this page: fetch it beside the script instead of after it. */
function preloads(bundle: Rolldown.OutputBundle, locale: Locale): string {
  const file = Object.values(bundle).find(
    (output) => output.type === 'chunk' && output.facadeModuleId === `\0virtual:catalogue/${locale}/common`,
  );
  if (file === undefined) throw new Error(`no chunk holds the common texts of ${locale}`);
  return `<link rel="modulepreload" crossorigin href="/${file.fileName}">`;
}

function fill(template: string, locale: Locale, main: string): string {
  const values: Record<string, string> = {
    lang: locale,
    title: text(locale, 'startTitle'),
    description: text(locale, 'description'),
    operator: text(locale, 'operator'),
    service: text(locale, 'service'),
    main,
    noscript: `<h2>${text(locale, 'noscriptTitle')}</h2><p>${text(locale, 'noscriptText')}</p>${languageChoice()}`,
  };
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`index.html asks for ${name}, which ${basename(import.meta.filename)} does not know`);
    return value;
  });
}

function opening(locale: Locale): string {
  return `<h1>${text(locale, 'startTitle')}</h1><p class="lead">${text(locale, 'startText')}</p>`;
}

function languageChoice(): string {
  const links = locales.map(
    (locale) => `<li><a href="/${locale}/" lang="${locale}" hreflang="${locale}">${languageNames[locale]}</a></li>`,
  );
  return `<ul class="plain">${links.join('')}</ul>`;
}

function text(locale: Locale, key: string): string {
  const source = readCatalogue(locale, 'shell')[key];
  if (source === undefined) throw new Error(`no text shell.${key} in ${locale}`);
  return new MessageFormat(locale).compile(source)({}).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
