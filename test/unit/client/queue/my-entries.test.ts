import { describe, expect, test } from 'vitest';
import { Subject, waitUntil } from '../../../../client/net/observable.ts';
import { MyEntries, type MyEntriesState } from '../../../../client/queue/my-entries.ts';
import type { Notifications } from '../../../../server/protocol/notifications.ts';
import type { QueueEntryView } from '../../../../server/protocol/queue.ts';
import { queueEntry as entry } from '../../../support/queue-entry.ts';

/** The server's side of the line: what it answers, and a way to tell. */
function startLine(entries: readonly QueueEntryView[]) {
  const connection = new Subject<{ status: 'connected' | 'reconnecting' }>({ status: 'connected' });
  const line = { entries, asked: 0, answers: Promise.resolve(), moved: (_fact: { entry: QueueEntryView }): void => undefined };
  const mine = new MyEntries({
    request: async () => {
      line.asked += 1;
      const answer = { entries: line.entries };
      await line.answers;
      return answer as never;
    },
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

  test('are not taken back by a list that was on its way when they were told', async () => {
    const first = entry();
    const { mine, line, connection } = startLine([first]);
    await waitUntil(mine.state, ({ loaded }) => loaded);
    const { promise, resolve } = Promise.withResolvers<void>();
    line.answers = promise;
    connection.set({ status: 'reconnecting' });
    connection.set({ status: 'connected' });
    await expect.poll(() => line.asked).toBe(2);
    const second = { ...entry(), updatedAt: 3 };
    line.moved({ entry: { ...first, state: 'called', updatedAt: 3 } });
    line.moved({ entry: second });
    const answered = new Promise<void>((heard) => void mine.state.subscribe(() => heard()));
    resolve();
    await answered;
    expect(mine.state.value.entries.map(({ entryId, state }) => [entryId, state])).toEqual([
      [first.entryId, 'called'],
      [second.entryId, second.state],
    ]);
  });
});
