import { createBrowserCore } from '../../client/app/browser-core.ts';
import type { Core, CoreMessenger } from '../../client/app/core.ts';
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

  /** Why the account does not open here; null when it does. */
  async signIn(): Promise<string | null> {
    await this.#core.signIn();
    const state = this.#core.session.value;
    return state.state === 'no-keys' ? state.because : null;
  }

  async signOut(): Promise<void> {
    await this.#core.signOut();
  }

  /** The kinds of the account's devices. */
  async devices(): Promise<readonly string[]> {
    const { security } = await this.#messenger();
    await security.devices.refresh();
    return security.devices.state.value.devices.map(({ kind }) => kind).toSorted();
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

  async #messenger(): Promise<CoreMessenger> {
    const session = await waitUntil(this.#core.session, ({ state }) => state === 'signed-in');
    if (session.state !== 'signed-in') throw new Error('not signed in');
    return session.messenger;
  }
}

globalThis.desk = new Desk(await createBrowserCore());
