import { createBrowserCore } from '../../client/app/browser-core.ts';
import type { Core } from '../../client/app/core.ts';
import type { Messenger } from '../../client/conversations/messenger.ts';
import { waitUntil } from '../../client/net/observable.ts';
import type { ConversationId } from '../../server/protocol/ids.ts';

declare global {
  var desk: Desk | undefined;
}

/** What the test does on the page, in the words of a person. */
class Desk {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  async register(): Promise<void> {
    await this.#core.registerCitizen();
  }

  async start(): Promise<ConversationId> {
    const [office] = await this.#core.loadOffices();
    const [service] = office?.services ?? [];
    if (!office || !service) throw new Error('no office');
    const messenger = await this.#messenger();
    return (await messenger.startConversation({ serviceId: service.serviceId, inboxId: office.inboxId })).conversationId;
  }

  async write(conversationId: ConversationId, text: string): Promise<void> {
    await (await this.#messenger()).conversation(conversationId).send(text, 'en');
  }

  /** Resolves when so many messages are acknowledged; with their texts. */
  async sent(conversationId: ConversationId, count: number): Promise<readonly string[]> {
    const { state } = (await this.#messenger()).conversation(conversationId);
    const { items } = await waitUntil(
      state,
      (now) => now.items.filter((item) => item.kind === 'message' && item.delivery?.state === 'sent').length >= count,
    );
    return items.flatMap((item) => (item.kind === 'message' ? [item.text] : []));
  }

  async connected(): Promise<void> {
    await waitUntil(this.#core.connection, ({ status }) => status === 'connected');
  }

  async lost(): Promise<void> {
    await waitUntil(this.#core.connection, ({ status }) => status !== 'connected');
  }

  async #messenger(): Promise<Messenger> {
    const session = await waitUntil(this.#core.session, ({ state }) => state === 'signed-in');
    if (session.state !== 'signed-in') throw new Error('not signed in');
    return session.messenger;
  }
}

globalThis.desk = new Desk(await createBrowserCore());
