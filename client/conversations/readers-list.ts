import { html, nothing, type TemplateResult } from 'lit';
import type { AccountId } from '../../server/protocol/ids.ts';
import type { InboxRole } from '../../server/protocol/inbox-bodies.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { badge } from '../ui/badge.ts';
import type { Viewer } from './author-name.ts';
import type { OfficialReader, ReadersNow } from './readers-now.ts';

export interface ReadersContext {
  readonly viewer: Viewer;
  readonly officeName: string;
  /** Whose screen it is. */
  readonly accountId: AccountId;
  /** As he named himself; null when he did not, or on his own screen. */
  readonly citizenName: string | null;
  /** Who could read at the last look; null: there was none, so nobody is new. */
  readonly seen: readonly AccountId[] | null;
}

const roles = {
  owner: 'conversations.readersOwner',
  admin: 'conversations.readersAdmin',
  member: 'conversations.readersMember',
  auditor: 'conversations.readersAuditor',
} as const satisfies Record<InboxRole, string>;

/** A longer list begins with those that are new; the others are a press away. */
const shownAtFirst = 8;

export function isNewReader({ accountId }: OfficialReader, seen: readonly AccountId[] | null): boolean {
  return seen !== null && !seen.includes(accountId);
}

/** Everybody who holds the key now, by name, role and since when; and the number that both sides can compare. */
export function readersList(readers: ReadersNow | null, context: ReadersContext): TemplateResult {
  const { viewer, officeName } = context;
  const sentence = viewer === 'citizen' ? t('conversations.sealed', { office: officeName }) : t('conversations.sealedOffice');
  if (readers === null) return html`<p>${sentence}</p><p class="loading">${t('conversations.readersLoading')}</p>`;
  const { citizen, inboxName, officials, reach, safetyNumber } = readers;
  const sorted = officials.toSorted(
    (one, other) =>
      Number(isNewReader(other, context.seen)) - Number(isNewReader(one, context.seen)) || nameOf(one).localeCompare(nameOf(other)),
  );
  const [first, rest] = [sorted.slice(0, shownAtFirst), sorted.slice(shownAtFirst)];
  return html`<p>${sentence}</p>
    <ul class="plain readers">
      <li>
        <strong>${viewer === 'citizen' ? t('conversations.you') : (context.citizenName ?? t('conversations.citizen'))}</strong>
        <span class="muted">${t('conversations.readersOwnDevices', { count: citizen.devices })}</span>
      </li>
    </ul>
    <h3 class="readers-team">${t('conversations.readersTeam', { office: inboxName })}</h3>
    ${reach === 'restricted' ? html`<p>${t('conversations.readersOnlyNamed')}</p>` : nothing}
    ${reach === 'members' ? html`<p>${t('conversations.readersStale')}</p>` : nothing}
    <ul class="plain readers">${first.map((official) => line(official, context))}</ul>
    ${
      rest.length === 0
        ? nothing
        : html`<details>
            <summary>${t('conversations.readersMore', { count: rest.length })}</summary>
            <ul class="plain readers">${rest.map((official) => line(official, context))}</ul>
          </details>`
    }
    <details>
      <summary>${t('conversations.safetyTitle')}</summary>
      <p>${t('conversations.safetyText')}</p>
      <p class="safety figures">${safetyNumber.map((group) => html`<span>${group}</span> `)}</p>
    </details>`;
}

function line(official: OfficialReader, { accountId, seen }: ReadersContext): TemplateResult {
  const { role, since, hasLeft } = official;
  const isMe = official.accountId === accountId;
  return html`<li>
    <strong>${isMe ? t('conversations.you') : nameOf(official)}</strong>
    ${isNewReader(official, seen) ? badge('watch', t('conversations.readersNew')) : nothing}
    <span class="muted">${hasLeft ? t('conversations.readersGone') : t(roles[role])}</span>
    ${since === null || hasLeft ? nothing : html`<span class="muted"><time datetime=${fmt.iso(since)}>${t('conversations.readersSince', { date: fmt.date(since) })}</time></span>`}
  </li>`;
}

function nameOf({ name }: OfficialReader): string {
  return name ?? t('conversations.official');
}
