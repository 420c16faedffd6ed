import { parse, type Token } from '@messageformat/parser';
import { describe, expect, it } from 'vitest';
import { compileCatalogue, listAreas, readCatalogue } from '../../../client/build/catalogues.ts';
import { locales } from '../../../server/protocol/locale.ts';

/** Words that a language rightly shares with English, as they stand in a text without its placeholders. */
const shared: Readonly<Record<string, readonly string[]>> = {
  lb: ['Schalter', 'OK', 'Service', 'Link', 'Member', 'Browser', 'Panda', 'Pizza', 'Hammer'],
  fr: [
    'Schalter',
    'OK',
    'Messages',
    'Service',
    'min',
    'minute minutes minutes',
    'Signatures',
    'Lion',
    'Panda',
    'Cactus',
    'Globe',
    'Pizza',
    'Robot',
    'Train',
  ],
  de: ['Schalter', 'OK', 'Team', 'Link', 'Browser', 'Panda', 'Pizza', 'Hammer'],
  pt: ['Schalter', 'OK', 'min', 'Panda', 'Banana', 'Pizza'],
};

/** The words of a text: what stands outside its placeholders, without punctuation. */
function words(tokens: readonly Token[]): string {
  const parts = tokens.map((token) => {
    if (token.type === 'content') return token.value;
    return 'cases' in token ? token.cases.map((choice) => words(choice.tokens)).join(' ') : ' ';
  });
  return parts
    .join(' ')
    .replaceAll(/[^\p{L}\p{N}’]+/gu, ' ')
    .trim();
}

function placeholders(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) => {
    if (token.type === 'content' || token.type === 'octothorpe') return [];
    const own = token.arg;
    return 'cases' in token ? [own, ...token.cases.flatMap((choice) => placeholders(choice.tokens))] : [own];
  });
}

const placeholdersOf = (text: string): string[] => [...new Set(placeholders(parse(text)))].sort();

describe.each(listAreas())('the catalogue %s', (area) => {
  const english = readCatalogue('en', area);

  it.each(locales)('has every key and every placeholder in %s', (locale) => {
    const texts = readCatalogue(locale, area);
    expect(Object.keys(texts).sort()).toEqual(Object.keys(english).sort());
    for (const [key, text] of Object.entries(texts)) expect(placeholdersOf(text), key).toEqual(placeholdersOf(english[key] ?? ''));
  });

  it('keeps French punctuation with its word at the end of a line', () => {
    for (const [key, text] of Object.entries(readCatalogue('fr', area))) expect(text, key).not.toMatch(/ [:;!?»]|« /);
  });

  it.each(locales.filter((locale) => locale !== 'en'))('leaves nothing in English in %s', (locale) => {
    const untranslated = Object.entries(readCatalogue(locale, area)).filter(([key, text]) => {
      const own = words(parse(text));
      return own !== '' && own === words(parse(english[key] ?? '')) && !shared[locale]?.includes(own);
    });
    expect(untranslated).toEqual([]);
  });

  it.each(locales)('compiles in %s, with every plural form the language has', (locale) => {
    expect(compileCatalogue(locale, area)).toContain('export default');
    const forms = new Intl.PluralRules(locale).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(readCatalogue(locale, area))) {
      for (const token of parse(text)) {
        if (token.type !== 'plural') continue;
        const given = token.cases.map((choice) => choice.key).filter((form) => !form.startsWith('='));
        expect([...given].sort(), `${locale} ${key}`).toEqual([...forms].sort());
      }
    }
  });

  it.each(locales)('has no straight apostrophe and no HTML in %s', (locale) => {
    const wrong = Object.entries(readCatalogue(locale, area)).filter(([, text]) => /['<>]/.test(text));
    expect(wrong).toEqual([]);
  });
});
