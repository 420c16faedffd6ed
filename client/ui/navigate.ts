import { locale } from '../i18n/translate.ts';

/** Fired on `window` after the address changed through `navigate`. */
export const navigatedEvent = 'gov-navigated';

/** The address of a page in the current language: `href('/help')` is "/lb/help". */
export function href(path: string): string {
  return `/${locale()}${path}`;
}

/**
 * Goes to another page of this service. `path` is without the language. The shell then loads the page, sets the title,
 * moves focus to the h1 and scrolls to the top. With `replace`, the present page leaves the history.
 */
export function navigate(path: string, { replace = false }: { replace?: boolean } = {}): void {
  if (replace) {
    history.replaceState(null, '', href(path));
  } else {
    rememberScroll();
    history.pushState(null, '', href(path));
  }
  window.dispatchEvent(new Event(navigatedEvent));
}

/** Keeps the present scroll position with this entry of the history, for the way back. */
export function rememberScroll(): void {
  history.replaceState({ scrollY: window.scrollY }, '');
}

export function rememberedScroll(): number {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null && 'scrollY' in state && typeof state.scrollY === 'number' ? state.scrollY : 0;
}
