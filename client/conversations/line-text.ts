import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { authorName, type Viewer } from './author-name.ts';
import { eventText } from './event-text.ts';
import type { Item, MembersItem, MessageItem, ReadersItem, WarningText } from './items.ts';
import { entryProblemText } from './problem-text.ts';

/** Whose screen it is, and which office a citizen reads of. */
export interface Who {
  readonly viewer: Viewer;
  readonly officeName: string;
}

/** The words of a line that nobody wrote. */
export function lineText(item: Exclude<Item, MessageItem>, who: Who): string {
  if (item.kind === 'event') return eventText(item.event);
  if (item.kind === 'readers') return readersText(item, who);
  if (item.kind === 'members') return membersText(item);
  return item.kind === 'warning' ? warningText(item.warning, who) : entryProblemText(item.problem);
}

function readersText({ reason, by, inboxName, newKeys, named }: ReadersItem, who: Who): string {
  const isCitizen = who.viewer === 'citizen';
  const name = authorName(by, who);
  const office = inboxName ?? who.officeName;
  switch (reason) {
    case 'transfer':
      return t(isCitizen ? 'conversations.readersTransferOwn' : 'conversations.readersTransfer', { office, name });
    case 'restored':
      return t(isCitizen ? 'conversations.readersRestoredOwn' : 'conversations.readersRestored', { name });
    case 'restrict':
      return t('conversations.readersRestricted', { names: named.join(', '), name });
    case 'stale_inbox':
      return t('conversations.readersStale');
    case 'opened':
    case 'limit':
      return t('conversations.readersRenewed');
    case 'newer_key': {
      const citizen = isCitizen ? t('conversations.readersOwnKeys') : t('conversations.readersCitizenKeys');
      const texts = [newKeys.citizen ? citizen : null, newKeys.office ? t('conversations.readersChanged') : null].filter(
        (text) => text !== null,
      );
      return texts.length > 0 ? texts.join(' ') : t('conversations.readersRenewed');
    }
    default:
      return reason satisfies never;
  }
}

function membersText({ name: known, change }: MembersItem): string {
  const name = known ?? t('conversations.official');
  return change === 'left' ? t('conversations.memberLeft', { name }) : t('conversations.memberJoined', { name });
}

function warningText(warning: WarningText, who: Who): string {
  switch (warning.kind) {
    case 'missing': {
      const { count, since, until } = warning;
      const name = authorName(warning.author, who);
      if (since === null) return t('conversations.warningMissingBefore', { count, name, until: fmt.dateTime(until) });
      return t('conversations.warningMissing', { count, name, since: fmt.dateTime(since), until: fmt.dateTime(until) });
    }
    case 'out-of-order':
      return t('conversations.warningOrder', { name: authorName(warning.author, who) });
    case 'other-history':
      return t('conversations.warningOther', { name: authorName(warning.author, who) });
    case 'inconsistent':
      return t('conversations.warningInconsistent');
    case 'not-as-signed':
      return t('conversations.warningSigned');
    case 'not-as-seen':
      return t('conversations.warningSeen');
    default:
      return warning satisfies never;
  }
}
