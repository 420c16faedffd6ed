import { createHash } from 'node:crypto';
import { createPasskeys } from '../../client/account/passkeys.ts';
import { alarmText } from '../../client/app/alarm-text.ts';
import { type Core, createCore } from '../../client/app/core.ts';
import type { Conversation, ConversationState } from '../../client/conversations/conversation.ts';
import type { CoreMessenger } from '../../client/app/core-messenger.ts';
import { createCookieFetch } from '../../client/net/cookie-fetch.ts';
import { memoryLock } from '../../client/net/lock.ts';
import { waitUntil } from '../../client/net/observable.ts';
import type { Database, StoreName } from '../../client/storage/database.ts';
import { memoryDatabase } from '../../client/storage/memory-database.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { Authenticator } from '../support/authenticator.ts';
import { browserHeader, type EvilServer } from './evil-server.ts';

/** What a browser remembers by the id of a chain. Ciphertext, drafts and unsent messages are not among it. */
const trusted: readonly StoreName[] = ['accounts', 'heads', 'chains', 'boxes'];

/** Somebody with the real client in a browser of his own, who talks to the evil server and does not know it. */
export class Victim {
  readonly name: string;
  readonly database: Database = memoryDatabase();
  readonly #evil: EvilServer;
  readonly #cookies;
  readonly #passkeys;
  readonly #lock = memoryLock();
  #core: Core | null = null;

  constructor(evil: EvilServer, name: string) {
    this.name = name;
    this.#evil = evil;
    this.#cookies = createCookieFetch(evil.origin);
    const authenticator = new Authenticator({ origin: evil.server.origin });
    this.#passkeys = createPasskeys({
      startRegistration: async ({ optionsJSON }) => authenticator.create(optionsJSON),
      startAuthentication: async ({ optionsJSON }) => authenticator.get(optionsJSON),
    });
  }

  get core(): Core {
    if (!this.#core) throw new Error(`${this.name} has not opened the page`);
    return this.#core;
  }

  get messenger(): CoreMessenger {
    const session = this.core.session.value;
    if (session.state !== 'signed-in') throw new Error(`${this.name} is ${session.state}`);
    return session.messenger;
  }

  get accountId(): AccountId {
    return this.messenger.accountId;
  }

  /** The kinds of the alarms that were raised on this page. */
  get alarms(): readonly string[] {
    return this.core.alarms.value.map(({ kind }) => kind);
  }

  /** Loads the page, or loads it again: what is not in the browser's database or cookies is new. */
  async load(): Promise<Core> {
    this.#core?.close();
    const header = { [browserHeader]: this.name };
    this.#core = await createCore({
      origin: this.#evil.origin,
      database: this.database,
      passkeys: this.#passkeys,
      lock: this.#lock,
      fetch: async (input, init) =>
        await this.#cookies.fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), ...header } }),
      headers: () => ({ ...this.#cookies.headers(), ...header }),
    });
    return this.#core;
  }

  async reload(): Promise<void> {
    const core = await this.load();
    await waitUntil(core.session, ({ state }) => state === 'signed-in');
  }

  /** A digest of what this browser remembers of chains: of one, or of all, and of the keys it has pinned. */
  async trust(chainId = ''): Promise<string> {
    const rows = await Promise.all(trusted.map(async (store) => [store, await this.database.list(store, chainId)]));
    const pins = await this.database.list('registryKeys', '');
    return createHash('sha256')
      .update(JSON.stringify([rows, pins], asText))
      .digest('hex');
  }

  /** What the person reads in a warning of this page, in the language that is set. */
  get warnings(): readonly string[] {
    return this.core.alarms.value.map(({ kind }) => alarmText(kind));
  }

  close(): void {
    this.#core?.close();
  }
}

function asText(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

/** The texts, as far as the server has acknowledged them. */
export function textsOf({ items }: ConversationState): readonly string[] {
  return items.flatMap((item) => (item.kind === 'message' && item.position !== null ? [item.text] : []));
}

export async function shows(conversation: Conversation, ...texts: string[]): Promise<ConversationState> {
  return await waitUntil(conversation.state, (state) => textsOf(state).join('|') === texts.join('|'));
}

/** Which problems the conversation and its entries have. */
export function problemsOf({ problems, items }: ConversationState): readonly string[] {
  return [...problems.map(({ kind }) => kind), ...items.flatMap((item) => (item.kind === 'problem' ? [item.problem] : []))];
}

/** Nothing is under way any more: each own message stands in the conversation, or has failed. */
export async function delivered(conversation: Conversation): Promise<ConversationState> {
  return await waitUntil(conversation.state, ({ items }) =>
    items.every((item) => item.kind !== 'message' || item.delivery === null || item.delivery.state !== 'pending'),
  );
}
