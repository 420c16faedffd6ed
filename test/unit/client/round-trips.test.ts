import { beforeAll, expect, test } from 'vitest';
import type { Conversation } from '../../../client/conversations/conversation.ts';
import { waitUntil } from '../../../client/net/observable.ts';
import type { CommandName, Request, Response } from '../../../server/protocol/commands.ts';
import { idOf, type InboxId, newId } from '../../../server/protocol/ids.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { type Member, MemoryServer } from '../../support/memory-server.ts';
import { openBrowser, openPage } from '../../support/page.ts';

beforeAll(async () => {
  await cryptoReady;
});

/** Notes who asked for what. */
class CountingServer extends MemoryServer {
  readonly asked: { readonly member: Member; readonly name: CommandName }[] = [];

  override answer<Name extends CommandName>(name: Name, request: Request<Name>, caller: Member): Response<Name> {
    this.asked.push({ member: caller, name });
    return super.answer(name, request, caller);
  }

  /** What a member has asked for since the last look, in order. */
  take(member: Member): CommandName[] {
    const names = this.asked.filter((one) => one.member === member).map(({ name }) => name);
    this.asked.splice(0, this.asked.length, ...this.asked.filter((one) => one.member !== member));
    return names;
  }
}

async function openScene() {
  const server = new CountingServer();
  const citizen = server.join(server.world.person(), 'citizen');
  const person = server.world.person();
  const official = server.join(person, 'official', 'Anne Muller');
  server.inbox.add(server.owner, person);
  const asking = await openPage(server, openBrowser(citizen));
  const answering = await openPage(server, openBrowser(official));
  await waitUntil(answering.messenger.conversations.state, ({ loaded }) => loaded);
  await waitUntil(asking.messenger.conversations.state, ({ loaded }) => loaded);
  for (const member of [citizen, official]) server.take(member);
  return { server, citizen, official, asking, answering };
}

async function showsText(conversation: Conversation, text: string): Promise<void> {
  await waitUntil(conversation.state, ({ items }) =>
    items.some((item) => item.kind === 'message' && item.text === text && item.position !== null),
  );
}

test('a new matter costs its writer two round trips after he has begun to write, and its reader two', async () => {
  const { server, citizen, official, asking, answering } = await openScene();
  const inboxId: InboxId = idOf(server.inbox.id);
  // The official has read something of this inbox before.
  const earlier = await asking.messenger.startConversation({ serviceId: newId(), inboxId });
  await earlier.send('before', 'en');
  await showsText(answering.messenger.conversation(earlier.conversationId), 'before');
  await showsText(earlier, 'before');
  for (const member of [citizen, official]) server.take(member);

  const other = server.join(server.world.person(), 'citizen');
  const writing = await openPage(server, openBrowser(other));
  await waitUntil(writing.messenger.conversations.state, ({ loaded }) => loaded);
  await writing.messenger.prepare(inboxId);
  server.take(other);
  const started = await writing.messenger.startConversation({ serviceId: newId(), inboxId });
  await started.send('Moien', 'lb');
  const read = answering.messenger.conversation(started.conversationId);
  await Promise.all([showsText(read, 'Moien'), showsText(started, 'Moien')]);
  expect(server.take(other)).toEqual(['conversation:open', 'message:send']);
  expect(server.take(official)).toEqual(['conversation:pull', 'account:load']);
});

test('a message in an open conversation costs its writer one round trip, and its reader none', async () => {
  const { server, citizen, official, asking, answering } = await openScene();
  const started = await asking.messenger.startConversation({ serviceId: newId(), inboxId: idOf(server.inbox.id) });
  const read = answering.messenger.conversation(started.conversationId);
  for (const text of ['one', 'two']) {
    await started.send(text, 'en');
    await Promise.all([showsText(read, text), showsText(started, text)]);
  }
  for (const member of [citizen, official]) server.take(member);
  await started.send('three', 'en');
  await Promise.all([showsText(read, 'three'), showsText(started, 'three')]);
  await read.send('four', 'en');
  await Promise.all([showsText(read, 'four'), showsText(started, 'four')]);
  expect(server.take(citizen)).toEqual(['message:send']);
  expect(server.take(official)).toEqual(['message:send']);
});

test('two tabs of one browser that write at the same time take no counter twice', async () => {
  const { server, citizen, answering } = await openScene();
  const browser = openBrowser(citizen);
  const tabs = [await openPage(server, browser), await openPage(server, browser)] as const;
  const { conversationId } = await tabs[0].messenger.startConversation({ serviceId: newId(), inboxId: idOf(server.inbox.id) });
  const open = tabs.map(({ messenger }) => messenger.conversation(conversationId));
  const texts = Array.from({ length: 8 }, (_, index) => `text ${index}`);
  await Promise.all(texts.map(async (text, index) => await open[index % 2]?.send(text, 'en')));
  const read = answering.messenger.conversation(conversationId);
  for (const text of texts) await showsText(read, text);
  expect(read.state.value.problems).toEqual([]);
  expect(server.messageCount(conversationId)).toBe(texts.length);
});
