import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Core, createCore, type CoreMessenger } from '../../client/app/core.ts';
import type { Conversation } from '../../client/conversations/conversation.ts';
import { createCookieFetch } from '../../client/net/cookie-fetch.ts';
import { memoryLock } from '../../client/net/lock.ts';
import { waitUntil } from '../../client/net/observable.ts';
import type { Database } from '../../client/storage/database.ts';
import { memoryDatabase } from '../../client/storage/memory-database.ts';
import { Owner } from '../../deploy/demonstration/owner.ts';
import { seedDemonstration } from '../../deploy/demonstration/seed.ts';
import type { OfficeView } from '../../server/protocol/offices.ts';
import { Authenticator } from './authenticator.ts';
import { type PrfManner, SoftwarePasskeys } from './passkeys.ts';
import type { TestServer } from './server.ts';

/** A browser in this process: what is not in its database, its cookies or its authenticator is new with each page. */
export interface HomeBrowser {
  readonly database: Database;
  readonly passkeys: SoftwarePasskeys;
  /** Everything that was posted to the server, as text. */
  readonly posted: string[];
  open(): Promise<Core>;
}

/** People with several browsers at one server with the demonstration in it. */
export class Household {
  readonly server: TestServer;
  readonly office: OfficeView;
  readonly #owner: Owner;
  readonly #closers: (() => Promise<void> | void)[];

  private constructor(server: TestServer, owner: Owner, office: OfficeView, closers: (() => Promise<void> | void)[]) {
    this.server = server;
    this.#owner = owner;
    this.office = office;
    this.#closers = closers;
  }

  static async create(server: TestServer): Promise<Household> {
    const directory = await mkdtemp(join(tmpdir(), 'schalter-keys-'));
    const keysFile = join(directory, 'keys.json');
    await seedDemonstration({ database: server.database, keysFile });
    const owner = await Owner.connect({ origin: server.origin, keysFile });
    const closers = [async () => await rm(directory, { recursive: true }), () => owner.close()];
    const response = await fetch(new URL('/api/offices', server.origin));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const [office] = (await response.json()) as OfficeView[];
    if (!office) throw new Error('the demonstration has offices');
    return new Household(server, owner, office, closers);
  }

  /** A browser of its own; with another one's passkeys where they are synchronised. */
  browser(passkeys?: SoftwarePasskeys | PrfManner): HomeBrowser {
    return homeBrowser({ origin: this.server.origin, passkeys, onOpen: (core) => this.#closers.push(() => core.close()) });
  }

  async official(browser: HomeBrowser, displayName: string): Promise<Core> {
    const link = await this.#owner.invite({ officeId: this.office.officeId, role: 'official', displayName });
    const core = await browser.open();
    const invitation = await core.readInvitation(new URL(link).hash);
    await invitation.accept();
    await this.#owner.admit();
    return core;
  }

  async write(core: Core, text: string): Promise<Conversation> {
    const [service] = this.office.services;
    if (!service) throw new Error('the office has services');
    const messenger = await messengerOf(core);
    const conversation = await messenger.startConversation({ serviceId: service.serviceId, inboxId: this.office.inboxId });
    await conversation.send(text, 'en');
    await waitUntil(conversation.state, ({ items }) => items.some((item) => item.kind === 'message' && item.position !== null));
    return conversation;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
  }
}

/** `onOpen`: with each page, for whoever closes them. */
export function homeBrowser({
  origin,
  passkeys,
  onOpen,
  now,
}: {
  readonly origin: string;
  readonly passkeys?: SoftwarePasskeys | PrfManner | undefined;
  readonly onOpen: (core: Core) => void;
  readonly now?: () => number;
}): HomeBrowser {
  const database = memoryDatabase();
  const cookies = createCookieFetch(origin);
  const posted: string[] = [];
  const held =
    passkeys instanceof SoftwarePasskeys
      ? passkeys
      : new SoftwarePasskeys(new Authenticator({ origin, synchronises: true }), passkeys ?? 'stable');
  const open = async (): Promise<Core> => {
    const core = await createCore({
      origin,
      database: { ...database, close: () => {} },
      passkeys: held.passkeys,
      lock: memoryLock(),
      fetch: async (input, init) => {
        if (typeof init?.body === 'string') posted.push(init.body);
        return await cookies.fetch(input, init);
      },
      headers: () => cookies.headers(),
      deviceLabel: 'Firefox, Windows',
      ...(now ? { now } : {}),
    });
    onOpen(core);
    return core;
  };
  return { database, passkeys: held, posted, open };
}

export async function messengerOf(core: Core): Promise<CoreMessenger> {
  const session = await waitUntil(core.session, ({ state }) => state === 'signed-in');
  if (session.state !== 'signed-in') throw new Error('not signed in');
  return session.messenger;
}

/** The texts of the person's only conversation, once there are some. */
export async function history(core: Core): Promise<readonly string[]> {
  const messenger = await messengerOf(core);
  const list = await waitUntil(messenger.conversations.state, ({ rows }) => rows.length > 0);
  const [row] = list.rows;
  if (!row) throw new Error('no conversation');
  const conversation = messenger.conversation(row.view.conversationId);
  const { items } = await waitUntil(conversation.state, (state) => state.caughtUp && state.items.some(({ kind }) => kind === 'message'));
  return items.flatMap((item) => (item.kind === 'message' ? [item.text] : []));
}
