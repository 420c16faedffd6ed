import { t } from '../i18n/translate.ts';
import type { Merge } from '../ui/announcer.ts';
import { authorName, type Viewer } from './author-name.ts';
import { itemKey, type Item, type MessageItem } from './items.ts';
import { lineText } from './line-text.ts';
import { messageWords } from './message-words.ts';

export interface LogAnnouncement {
  readonly text: string;
  readonly merge: Merge | null;
}

/** Longer messages are read in the log, at one's own pace. */
const spokenCharacters = 240;

/**
 * What a screen reader hears of a log. Fed with every list of items, it gives what is new since the one before: other
 * people's messages and events in full, of own ones only whether they went out. History is never spoken.
 */
export class LogAnnouncements {
  /** Delivery state by key; null for what has none. Null altogether before the history is there. */
  #known: ReadonlyMap<string, string | null> | null = null;

  /** Nothing is new until `caughtUp` has been true once. */
  next(
    items: readonly Item[],
    caughtUp: boolean,
    { viewer, officeName }: { viewer: Viewer; officeName: string },
  ): readonly LogAnnouncement[] {
    const before = this.#known;
    if (before === null && !caughtUp) return [];
    this.#known = new Map(items.map((item) => [itemKey(item), deliveryState(item)]));
    if (before === null) return [];
    return items.flatMap((item) => {
      const seen = before.get(itemKey(item));
      if (deliveryState(item) !== null) return seen === deliveryState(item) ? [] : ownNews(item);
      return seen === undefined ? [news(item, { viewer, officeName })] : [];
    });
  }
}

function deliveryState(item: Item): string | null {
  return item.kind === 'message' && item.delivery !== null ? item.delivery.state : null;
}

function ownNews(item: Item): readonly LogAnnouncement[] {
  const state = deliveryState(item);
  if (state === 'sent') return [{ text: t('conversations.announceSent'), merge: null }];
  return state === 'failed' ? [{ text: t('conversations.announceFailed'), merge: null }] : [];
}

function news(item: Item, who: { viewer: Viewer; officeName: string }): LogAnnouncement {
  if (item.kind !== 'message') return { text: lineText(item, who), merge: null };
  return {
    text: t('conversations.announcement', { author: authorName(item.author, who), text: spoken(item) }),
    merge: { kind: 'messages', combine: (count) => t('conversations.newMessages', { count }) },
  };
}

function spoken(item: MessageItem): string {
  const text = messageWords(item);
  if (text.length <= spokenCharacters) return text;
  return t('conversations.announcementContinues', { text: text.slice(0, spokenCharacters) });
}
