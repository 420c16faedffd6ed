import { beforeAll, describe, expect, test } from 'vitest';
import type { EventItem, MessageItem } from '../../../../client/conversations/items.ts';
import { LogAnnouncements } from '../../../../client/conversations/log-announcements.ts';
import { loadAreas, setLocale } from '../../../../client/i18n/translate.ts';
import { newId } from '../../../../server/protocol/ids.ts';

const viewer = { viewer: 'citizen', officeName: 'Citizens’ office' } as const;

beforeAll(async () => {
  await setLocale('en');
  await loadAreas(['conversations']);
});

function message(text: string, changes: Partial<MessageItem> = {}): MessageItem {
  const author = { who: 'office', accountId: newId<'account'>(), name: 'Claire Weber' } as const;
  return {
    kind: 'message',
    messageId: newId<'message'>(),
    position: 2,
    at: 0,
    author,
    text,
    file: null,
    call: null,
    lang: 'en',
    delivery: null,
    ...changes,
  };
}

function own(delivery: MessageItem['delivery'], messageId = newId<'message'>()): MessageItem {
  return message('Mine', { messageId, delivery, author: { who: 'me', accountId: newId<'account'>(), name: null } });
}

describe('what is spoken of a log', () => {
  test('history is not, whether it comes at once or in parts', () => {
    const announcements = new LogAnnouncements();
    expect(announcements.next([message('old')], false, viewer)).toEqual([]);
    expect(announcements.next([message('old'), message('also old')], true, viewer)).toEqual([]);
  });

  test('a message of the other side is, once, with its author; what happened is, too', () => {
    const announcements = new LogAnnouncements();
    announcements.next([], true, viewer);
    const answer = message('Bring your papers.');
    const event: EventItem = {
      kind: 'event',
      position: 3,
      at: 0,
      event: { type: 'call-started', callId: newId<'call'>(), official: 'Claire Weber' },
    };
    expect(announcements.next([answer], true, viewer).map(({ text }) => text)).toEqual([
      'Claire Weber, Citizens’ office: Bring your papers.',
    ]);
    expect(announcements.next([answer, event], true, viewer).map(({ text }) => text)).toEqual([
      'Video call started. Official: Claire Weber',
    ]);
    expect(announcements.next([answer, event], true, viewer)).toEqual([]);
  });

  test('a long message is cut, and says that it continues', () => {
    const announcements = new LogAnnouncements();
    announcements.next([], true, viewer);
    const [spoken] = announcements.next([message('word '.repeat(100))], true, viewer);
    expect(spoken?.text.length).toBeLessThan(330);
    expect(spoken?.text).toMatch(/The message continues\.$/);
  });

  test('of one’s own messages only whether they went out', () => {
    const announcements = new LogAnnouncements();
    announcements.next([], true, viewer);
    const pending = own({ state: 'pending' });
    expect(announcements.next([pending], true, viewer)).toEqual([]);
    const sent = own({ state: 'sent', at: 0 }, pending.messageId);
    expect(announcements.next([sent], true, viewer).map(({ text }) => text)).toEqual(['Sent']);
    expect(announcements.next([own({ state: 'read' }, pending.messageId)], true, viewer)).toEqual([]);
    const failed = own({ state: 'failed', error: 'forbidden' });
    expect(announcements.next([failed], true, viewer).map(({ text }) => text)).toEqual(['Not sent. Press “Send again”.']);
  });
});
