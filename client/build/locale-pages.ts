import { basename } from 'node:path';
import MessageFormat from '@messageformat/core';
import type { Plugin, Rolldown } from 'vite';
import { locales, type Locale } from '../../server/protocol/locale.ts';
import { languageNames } from '../i18n/locale.ts';
import { readCatalogue } from './catalogues.ts';

/**
 * Writes the first paint as plain HTML: `<locale>/index.html` for the start page and `<locale>/page.html` for every other
 * address of that language. `index.html` itself, for an address without a language, offers the five. What a page is sure
 * to need is fetched beside the script instead of after it; `startPage` names that page's module and its catalogue.
 */
export function localePages({ startPage }: { startPage: { module: string; area: string } }): Plugin {
  return {
    name: 'locale-pages',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') throw new Error('vite has not made an index.html');
        const template = String(page.source);
        page.source = fill(template, 'lb', {
          title: text('lb', 'service'),
          main: `<h1 class="visually-hidden">${text('lb', 'service')}</h1>`,
        });
        for (const locale of locales) {
          const catalogue = `virtual:catalogue/${locale}/`;
          const write = (name: string, needed: readonly string[], content: PageContent): void => {
            const html = template.replace('</head>', `${preloads(bundle, needed, template)}</head>`);
            this.emitFile({ type: 'asset', fileName: `${locale}/${name}.html`, source: fill(html, locale, content) });
          };
          write('index', [`${catalogue}common`, `${catalogue}${startPage.area}`, startPage.module], opening(locale));
          write('page', [`${catalogue}common`], {
            title: text(locale, 'service'),
            main: `<p class="loading">${text(locale, 'loading')}</p>`,
          });
        }
      },
    },
  };
}

interface PageContent {
  readonly title: string;
  readonly main: string;
}

/** Links to the files of `modules` (the ends of their ids) and all they import, without those the template has already. */
function preloads(bundle: Rolldown.OutputBundle, modules: readonly string[], template: string): string {
  const files = new Set<string>();
  const add = (fileName: string): void => {
    const output = bundle[fileName];
    if (output?.type !== 'chunk' || files.has(fileName) || template.includes(fileName)) return;
    files.add(fileName);
    output.imports.forEach(add);
  };
  for (const module of modules) {
    const chunk = Object.values(bundle).find((output) => output.type === 'chunk' && output.facadeModuleId?.endsWith(module));
    if (chunk === undefined) throw new Error(`no file of its own holds ${module}`);
    add(chunk.fileName);
  }
  return [...files].map((file) => `<link rel="modulepreload" crossorigin href="/${file}">`).join('');
}

function fill(template: string, locale: Locale, { title, main }: PageContent): string {
  const values: Record<string, string> = {
    lang: locale,
    title,
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

function opening(locale: Locale): PageContent {
  return {
    title: `${text(locale, 'startTitle')} – ${text(locale, 'service')}`,
    main: `<h1>${text(locale, 'startTitle')}</h1><p class="lead">${text(locale, 'startText')}</p>`,
  };
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
