import { expect, test } from 'vitest';
import { ConversationList } from '../../../../client/conversations/conversation-list.ts';
import type { ConversationState } from '../../../../client/conversations/conversation.ts';
import { Subject } from '../../../../client/net/observable.ts';
import { RequestError } from '../../../../client/net/request-error.ts';
import { createEntryCache } from '../../../../client/storage/entry-cache.ts';
import { memoryDatabase } from '../../../../client/storage/memory-database.ts';
import { slugSchema } from '../../../../server/platform/wire-schemas.ts';
import type { ConversationView } from '../../../../server/protocol/conversations.ts';
import { newId } from '../../../../server/protocol/ids.ts';

const shown: ConversationState = {
  view: null,
  caughtUp: false,
  items: [],
  problems: [],
  unread: 0,
  inForce: null,
  readers: null,
  readersSeen: null,
};

function newView(): ConversationView {
  return {
    conversationId: newId(),
    reference: '2026-0001-F',
    serviceId: slugSchema<'service'>().parse('identity-documents'),
    officeId: slugSchema<'office'>().parse('citizens-office'),
    inboxId: newId(),
    citizenId: newId(),
    state: 'open',
    head: 1,
    epoch: 1,
    readPosition: 0,
    otherReadPosition: 0,
    openedAt: 0,
    lastActivityAt: 0,
  };
}

type Answer = { readonly conversations: readonly ConversationView[] };

/** A list whose questions are answered by hand, in the order in which they were asked. */
function openList(): {
  readonly list: ConversationList;
  readonly questions: PromiseWithResolvers<Answer>[];
  readonly ids: () => readonly string[];
} {
  const questions: PromiseWithResolvers<Answer>[] = [];
  const ask = (): Promise<Answer> => {
    const question = Promise.withResolvers<Answer>();
    questions.push(question);
    return question.promise;
  };
  const list = new ConversationList({
    request: ask as never,
    cache: createEntryCache({ database: memoryDatabase(), accountId: newId() }),
    whenConnected: () => Promise.resolve(),
    open: () => ({ state: new Subject(shown), onView: () => undefined }),
  });
  return { list, questions, ids: () => list.state.value.rows.map(({ view }) => view.conversationId) };
}

async function asked(questions: readonly unknown[], count: number): Promise<void> {
  await expect.poll(() => questions.length).toBe(count);
}

test('whoever is let in while the refusal of before is on its way sees what there is', async () => {
  const { list, questions, ids } = openList();
  const view = newView();
  const first = list.refresh();
  await asked(questions, 1);
  const second = list.refresh();
  questions[0]?.reject(new RequestError({ code: 'forbidden', retryable: false, ref: 'ref' }));
  await asked(questions, 2);
  questions[1]?.resolve({ conversations: [view] });
  await Promise.all([first, second]);
  expect(ids()).toEqual([view.conversationId]);
});

test('a conversation that was told of while the list was on its way is not lost by the older answer', async () => {
  const { list, questions, ids } = openList();
  const [old, young] = [newView(), newView()];
  const done = list.refresh();
  await asked(questions, 1);
  list.onView(young);
  questions[0]?.resolve({ conversations: [old] });
  await done;
  expect(ids().toSorted()).toEqual([old.conversationId, young.conversationId].toSorted());
});

test('what an answer no longer lists is gone, however it was told of before', async () => {
  const { list, questions, ids } = openList();
  list.onView(newView());
  const done = list.refresh();
  await asked(questions, 1);
  questions[0]?.resolve({ conversations: [] });
  await done;
  expect(ids()).toEqual([]);
});
