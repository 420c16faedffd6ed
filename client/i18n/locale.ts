import { locales, type Locale } from '../../server/protocol/locale.ts';

/** Each language's own name, as a person who speaks it looks for it. */
export const languageNames: Readonly<Record<Locale, string>> = {
  lb: 'Lëtzebuergesch',
  fr: 'Français',
  de: 'Deutsch',
  en: 'English',
  pt: 'Português',
};

const rememberedKey = 'locale';

function isLocale(value: string | undefined): value is Locale {
  return locales.some((locale) => locale === value);
}

/** Splits "/fr/help" into its language and the path within it, "/help". Null when the path names no language. */
export function splitPath(pathname: string): { locale: Locale; path: string } | null {
  const [, first, ...rest] = pathname.split('/');
  return isLocale(first) ? { locale: first, path: `/${rest.join('/')}` } : null;
}

/** The first language of the list (BCP 47 tags, most wanted first) that we speak; Luxembourgish otherwise. */
export function negotiate(wanted: readonly string[]): Locale {
  return wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLocale) ?? 'lb';
}

/** The language for a visitor whose address names none: the last one chosen on this device, then the browser's. */
export function preferredLocale(): Locale {
  const remembered = localStorage.getItem(rememberedKey) ?? undefined;
  return isLocale(remembered) ? remembered : negotiate(navigator.languages);
}

export function rememberLocale(locale: Locale): void {
  localStorage.setItem(rememberedKey, locale);
}
