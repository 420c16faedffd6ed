import { html, nothing, type TemplateResult } from 'lit';
import calendarDays from 'lucide-static/icons/calendar-days.svg?icon';
import chevronDown from 'lucide-static/icons/chevron-down.svg?icon';
import idCard from 'lucide-static/icons/id-card.svg?icon';
import inbox from 'lucide-static/icons/inbox.svg?icon';
import languages from 'lucide-static/icons/languages.svg?icon';
import layoutDashboard from 'lucide-static/icons/layout-dashboard.svg?icon';
import messageSquare from 'lucide-static/icons/message-square.svg?icon';
import user from 'lucide-static/icons/user.svg?icon';
import settings from 'lucide-static/icons/settings.svg?icon';
import users from 'lucide-static/icons/users.svg?icon';
import { locales, type Locale } from '../../server/protocol/locale.ts';
import type { Role } from '../../server/protocol/roles.ts';
import { languageNames } from '../i18n/locale.ts';
import { t } from '../i18n/translate.ts';
import { href } from '../ui/navigate.ts';

interface NavigationItem {
  readonly path: string;
  readonly key:
    | 'shell.messages'
    | 'shell.appointments'
    | 'shell.account'
    | 'shell.inbox'
    | 'shell.queue'
    | 'shell.team'
    | 'shell.overview'
    | 'shell.administration';
  readonly icon: TemplateResult;
}

const account: NavigationItem = { path: '/account', key: 'shell.account', icon: user };

const administration: NavigationItem = { path: '/administration', key: 'shell.administration', icon: settings };

const navigation: Readonly<Record<Role, readonly NavigationItem[]>> = {
  citizen: [
    { path: '/conversations', key: 'shell.messages', icon: messageSquare },
    { path: '/appointments', key: 'shell.appointments', icon: calendarDays },
    account,
  ],
  official: [
    { path: '/inbox', key: 'shell.inbox', icon: inbox },
    { path: '/queue', key: 'shell.queue', icon: users },
    { path: '/team', key: 'shell.team', icon: idCard },
    account,
  ],
  supervisor: [{ path: '/overview', key: 'shell.overview', icon: layoutDashboard }, account],
  admin: [administration, account],
  owner: [administration, account],
  guest: [],
};

/** A narrow upright with one rounded corner: a door standing ajar. */
export const mark = html`<svg class="mark" viewBox="0 0 24 32" aria-hidden="true">
  <path class="mark-frame" d="M1 32V9a8 8 0 0 1 8-8h14v31" /><path class="mark-door" d="M6 32V10a4 4 0 0 1 4-4l8 4v22z" />
</svg>`;

export function masthead({
  role,
  path,
  locale,
  onLocale,
}: {
  role: Role | null;
  /** The page's address without the language. */
  path: string;
  locale: Locale;
  onLocale: (locale: Locale) => void;
}): TemplateResult {
  return html`<header class="masthead">
      <div class="frame masthead-row">
        <a class="brand" href=${href('/')}>
          ${mark}
          <span class="brand-words"><span class="brand-operator">${t('shell.operator')}</span><span class="brand-service">${t('shell.service')}</span></span>
        </a>
        <div class="masthead-tools">
          ${languageSwitch(locale, path, onLocale)}
          ${role === null && path !== '/sign-in' ? html`<a class="masthead-link" href=${href('/sign-in')}>${t('shell.signIn')}</a>` : nothing}
        </div>
      </div>
    </header>
    ${role === null ? nothing : serviceNavigation(navigation[role], path)}`;
}

function serviceNavigation(items: readonly NavigationItem[], path: string): TemplateResult {
  return html`<nav class="service-navigation" aria-label=${t('shell.navigation')}>
    <ul class="frame">
      ${items.map(
        (item) => html`<li>
          <a href=${href(item.path)} aria-current=${path === item.path ? 'page' : path.startsWith(`${item.path}/`) ? 'true' : nothing}>${item.icon}<span>${t(item.key)}</span></a>
        </li>`,
      )}
    </ul>
  </nav>`;
}

function languageSwitch(current: Locale, path: string, onLocale: (locale: Locale) => void): TemplateResult {
  const choose = (event: Event, locale: Locale): void => {
    if (event instanceof MouseEvent && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    const menu = event.currentTarget instanceof Element ? event.currentTarget.closest('details') : null;
    if (menu !== null) menu.open = false;
    menu?.querySelector('summary')?.focus();
    onLocale(locale);
  };
  return html`<details class="language-switch" @keydown=${closeOnEscape} @focusout=${closeOnLeave}>
    <summary>
      ${languages}<span class="visually-hidden">${t('shell.language')}: </span>
      <span aria-hidden="true" class="language-code">${current.toUpperCase()}</span>
      <span class="language-name" lang=${current}>${languageNames[current]}</span>
      <span class="caret">${chevronDown}</span>
    </summary>
    <ul>
      ${locales.map(
        (locale) => html`<li>
          <a
            href="/${locale}${path}${location.search}"
            lang=${locale}
            hreflang=${locale}
            aria-current=${locale === current ? 'true' : nothing}
            @click=${(event: Event) => choose(event, locale)}
            >${languageNames[locale]}</a
          >
        </li>`,
      )}
    </ul>
  </details>`;
}

function closeOnEscape(event: KeyboardEvent): void {
  if (event.key !== 'Escape' || !(event.currentTarget instanceof HTMLDetailsElement)) return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector('summary')?.focus();
}

function closeOnLeave(event: FocusEvent): void {
  const menu = event.currentTarget;
  if (menu instanceof HTMLDetailsElement && event.relatedTarget instanceof Node && !menu.contains(event.relatedTarget)) menu.open = false;
}
