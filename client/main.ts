import type { Locale } from '../server/protocol/locale.ts';
import { GovApp } from './app/app.ts';
import { preferredLocale, splitPath } from './i18n/locale.ts';
import { setLocale } from './i18n/translate.ts';

/** The shell takes over from the static HTML only once its words are here. */
async function openShell(locale: Locale): Promise<void> {
  // Older browsers lack what the router is built on.
  await Promise.all([setLocale(locale), 'URLPattern' in globalThis ? undefined : import('urlpattern-polyfill')]);
  customElements.define('gov-app', GovApp);
}

const address = splitPath(location.pathname);
if (address === null) {
  location.replace(`/${preferredLocale()}${location.pathname}${location.search}${location.hash}`);
} else {
  await openShell(address.locale);
}
