import { vi } from 'vitest';
import type { Conversation } from '../../client/conversations/conversation.ts';
import { type ConversationId, idOf, newId } from '../../server/protocol/ids.ts';
import { LyingServer } from './lying-server.ts';
import type { Member } from './memory-server.ts';
import { type Browser, openBrowser, openPage, type Page } from './page.ts';

type Who = 'citizen' | 'official';

/** A citizen and an official in a conversation, at a server in memory that may lie. Timers and the clock are faked by the test. */
export class LyingScene {
  readonly server: LyingServer;
  readonly people: Record<Who, Member>;
  readonly browsers: Record<Who, Browser>;
  readonly pages: Record<Who, Page>;
  readonly conversationId: ConversationId;

  private constructor(parts: Pick<LyingScene, 'server' | 'people' | 'browsers' | 'pages' | 'conversationId'>) {
    this.server = parts.server;
    this.people = parts.people;
    this.browsers = parts.browsers;
    this.pages = parts.pages;
    this.conversationId = parts.conversationId;
  }

  static async open(): Promise<LyingScene> {
    const server = new LyingServer();
    const citizen = server.join(server.world.person(), 'citizen');
    const person = server.world.person();
    const official = server.join(person, 'official', 'Anne Muller');
    server.inbox.add(server.owner, person);
    const browsers = { citizen: openBrowser(citizen), official: openBrowser(official) };
    const pages = {
      citizen: await settle(openPage(server, browsers.citizen)),
      official: await settle(openPage(server, browsers.official)),
    };
    const { conversationId } = await settle(
      pages.citizen.messenger.startConversation({ serviceId: newId(), inboxId: idOf(server.inbox.id) }),
    );
    return new LyingScene({ server, people: { citizen, official }, browsers, pages, conversationId });
  }

  close(): void {
    for (const page of Object.values(this.pages)) page.close();
  }

  of(who: Who): Conversation {
    return this.pages[who].messenger.conversation(this.conversationId);
  }

  /** Sends it and waits until both see it. */
  async say(who: Who, text: string): Promise<void> {
    await settle(this.of(who).send(text, 'en'));
    for (const reader of ['citizen', 'official'] as const) {
      const seen = this.of(reader);
      await passUntil(
        () => seen.state.value.items.some((item) => item.kind === 'message' && item.text === text && item.position !== null),
        () => seen.state.value,
      );
    }
  }

  /** Loads the page anew: what is not in the browser's database is gone. */
  async reload(who: Who): Promise<Conversation> {
    this.pages[who].close();
    this.pages[who] = await settle(openPage(this.server, this.browsers[who]));
    const conversation = this.of(who);
    await passUntil(
      () => conversation.state.value.caughtUp,
      () => conversation.state.value,
    );
    return conversation;
  }
}

/** Lets time pass until it holds: timers are faked, WebCrypto's threads are not. */
export async function passUntil(holds: () => boolean, what: () => unknown): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < 10_000) {
    if (holds()) return;
    await vi.advanceTimersByTimeAsync(20);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never came: ${JSON.stringify(what())}`);
}

export async function settle<Value>(promise: Promise<Value>): Promise<Value> {
  let done = false;
  const finished = () => void (done = true);
  promise.then(finished, finished);
  await passUntil(
    () => done,
    () => 'a promise that settles',
  );
  return await promise;
}

/** What the log shows, in words of the program. */
export function kinds(conversation: Conversation): string[] {
  return conversation.state.value.items.map((item) =>
    item.kind === 'warning' ? item.warning.kind : item.kind === 'problem' ? item.problem : item.kind,
  );
}

export function problems(conversation: Conversation): string[] {
  return conversation.state.value.problems.map(({ kind }) => kind);
}
