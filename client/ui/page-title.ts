import { t } from '../i18n/translate.ts';

let heading = '';
let prefix: string | null = null;
let call: string | null = null;

function show(): void {
  const name = heading === '' ? t('shell.service') : `${heading} – ${t('shell.service')}`;
  const first = call ?? prefix;
  document.title = first === null ? name : `${first}: ${name}`;
}

/** Makes the h1 inside `page` the document's title, and something the focus can be moved to. Null when there is none. */
export function adoptHeading(page: ParentNode): HTMLElement | null {
  const element = page.querySelector<HTMLElement>('h1');
  if (element === null) return null;
  element.tabIndex = -1;
  heading = element.textContent.trim();
  show();
  return element;
}

/** What stands before the heading: the place in the line, "Error", "(2)". Null takes it away; so does leaving the page. */
export function setTitlePrefix(text: string | null): void {
  prefix = text;
  show();
}

/** What calls the person away from whatever page he is on; it stands before the heading instead of the page's own prefix, until it is null. */
export function setTitleCall(text: string | null): void {
  if (call === text) return;
  call = text;
  show();
}
