import { describe, expect, test } from 'vitest';
import { Subject, waitUntil } from '../../../../client/net/observable.ts';
import { MyEntries, type MyEntriesState } from '../../../../client/queue/my-entries.ts';
import type { Notifications } from '../../../../server/protocol/notifications.ts';
import type { QueueEntryView } from '../../../../server/protocol/queue.ts';
import { queueEntry as entry } from '../../../support/queue-entry.ts';

/** The server's side of the line: what it answers, and a way to tell. */
function startLine(entries: readonly QueueEntryView[]) {
  const connection = new Subject<{ status: 'connected' | 'reconnecting' }>({ status: 'connected' });
  const line = { entries, moved: (_fact: { entry: QueueEntryView }): void => undefined };
  const mine = new MyEntries({
    request: async () => await Promise.resolve({ entries: line.entries } as never),
    on: (name, listener) => {
      if (name === 'queue:moved') line.moved = listener as Notifications['queue:moved'];
      return () => undefined;
    },
    connection,
  });
  return { mine, line, connection };
}

const places = ({ entries }: MyEntriesState) => entries.map(({ place }) => place);

describe('a citizen’s places in the lines', () => {
  test('follow the notifications, and an older one that comes late changes nothing', async () => {
    const first = entry();
    const { mine, line } = startLine([first]);
    await waitUntil(mine.state, ({ loaded }) => loaded);
    line.moved({ entry: { ...first, place: 1, updatedAt: 3 } });
    line.moved({ entry: { ...first, place: 2, updatedAt: 2 } });
    expect(places(mine.state.value)).toEqual([1]);
  });

  test('that ended while the line was down are shown as ended when it is back', async () => {
    const first = entry();
    const { mine, line, connection } = startLine([first]);
    await waitUntil(mine.state, ({ loaded }) => loaded);
    line.entries = [];
    connection.set({ status: 'reconnecting' });
    connection.set({ status: 'connected' });
    const { entries } = await waitUntil(mine.state, (state) => state.entries[0]?.state === 'ended');
    expect(entries).toMatchObject([{ entryId: first.entryId, place: null }]);
  });
});
