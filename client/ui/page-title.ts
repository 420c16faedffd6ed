import { t } from '../i18n/translate.ts';

let heading = '';
let prefix: string | null = null;

function show(): void {
  const name = heading === '' ? t('shell.service') : `${heading} – ${t('shell.service')}`;
  document.title = prefix === null ? name : `${prefix}: ${name}`;
}

/** The shell calls this with each page's h1; a page calls it when its h1 changes later. */
export function setPageTitle(text: string): void {
  heading = text;
  show();
}

/** What stands before the heading: the place in the line, "Error", "(2)". Null takes it away; so does leaving the page. */
export function setTitlePrefix(text: string | null): void {
  prefix = text;
  show();
}
