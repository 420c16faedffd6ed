import { createHash, randomBytes } from 'node:crypto';
import { createInvitationSecret } from '../../client/crypto/enrolment-proof.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { createAccounts } from '../../server/accounts/accounts.ts';
import { createOwner } from '../../server/accounts/new-account.ts';
import { addRegistryKeys, createOffice } from '../../server/offices/new-office.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { type ConversationId, type Id, idOf, type InboxId, newId, type OfficeId, type ServiceId } from '../../server/protocol/ids.ts';
import type { InboxPolicy, InboxRole } from '../../server/protocol/inbox-bodies.ts';
import type { LocalisedText } from '../../server/protocol/locale.ts';
import type { SignedLink } from '../../server/protocol/offices.ts';
import type { Authenticator } from './authenticator.ts';
import { Conversation, type Inbox, registryPks, World } from './gim-world.ts';
import { type Line, Somebody } from './people.ts';
import type { TestServer } from './server.ts';

const slug = <Kind extends string>(text: string): Id<Kind> => text as Id<Kind>;
const inAllLanguages = (text: string): LocalisedText => ({ lb: text, fr: text, de: text, en: text, pt: text });

export interface TestOfficeOptions {
  readonly name?: string;
  readonly world?: World;
  /** Sign the inbox's root too: an inbox whose policy asks for two signatures has two owners. */
  readonly coOwners?: number;
  readonly policy?: InboxPolicy;
}

/** One office with one service, open at all hours, and its owner: what most tests stand on. */
export class TestOffice {
  readonly server: TestServer;
  readonly world: World;
  readonly owner: Somebody;
  readonly inbox: Inbox;
  readonly officeId: OfficeId;
  readonly serviceId: ServiceId;
  readonly coOwners: Somebody[] = [];
  readonly #people: Somebody[] = [];

  private constructor(server: TestServer, world: World, owner: Somebody, inbox: Inbox, name: string) {
    this.server = server;
    this.world = world;
    this.owner = owner;
    this.inbox = inbox;
    this.officeId = slug<'office'>(name);
    this.serviceId = slug<'service'>(`${name}-service`);
    this.#people.push(owner);
  }

  static async create(
    server: TestServer,
    { name = 'civil-registry', world = new World(), coOwners = 0, policy }: TestOfficeOptions = {},
  ): Promise<TestOffice> {
    const owner = new Somebody(server, world.person());
    const others = Array.from({ length: coOwners }, () => new Somebody(server, world.person()));
    const inbox = world.inbox(owner.gim, { owners: others.map(({ gim }) => gim), ...(policy ? { policy } : {}) });
    const office = new TestOffice(server, world, owner, inbox, name);
    office.coOwners.push(...others);
    office.#people.push(...others);
    const { database } = server;
    await addRegistryKeys(database, registryPks);
    for (const one of [owner, ...others]) await createOwner(database, { root: one.root, displayName: 'Owner' });
    await createOffice(
      database,
      {
        officeId: office.officeId,
        name: inAllLanguages('Civil registry'),
        phone: '+352 1234',
        address: '1, Grand-Rue',
        closedDays: [],
        inboxRoot: office.lastLink,
        services: [
          {
            serviceId: office.serviceId,
            name: inAllLanguages('Birth certificate'),
            summary: inAllLanguages('A copy of an entry in the register'),
            keywords: ['birth'],
            letter: 'A',
            appointmentMinutes: 20,
            desks: 2,
            lastAdmissionMinutes: 0,
            hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, opens: '00:00', closes: '23:59:59' })),
          },
        ],
      },
      { loadUserChains: createAccounts({ database }).loadChains },
    );
    await owner.signInWithDevice();
    return office;
  }

  get inboxId(): InboxId {
    return idOf(this.inbox.id);
  }

  /** The newest link of the inbox with the boxes it names. */
  get lastLink(): SignedLink {
    return toSignedLink(this.inbox.newest);
  }

  /** Somebody who has no account yet. */
  newcomer(authenticator?: Authenticator): Somebody {
    const somebody = new Somebody(this.server, this.world.person(), authenticator);
    this.#people.push(somebody);
    return somebody;
  }

  /** The same person at another browser, with nothing but the account's passkey. */
  elsewhere({ gim, authenticator }: Somebody): Somebody {
    const somebody = new Somebody(this.server, gim, authenticator);
    this.#people.push(somebody);
    return somebody;
  }

  async addCitizen(): Promise<Somebody> {
    return await this.newcomer().register();
  }

  async invite(
    role: 'official' | 'supervisor' | 'admin' = 'official',
    displayName = 'Nora Weber',
  ): Promise<{ token: string; secret: Uint8Array }> {
    const token = randomBytes(32).toString('base64url');
    const tokenHash = toBase64Url(createHash('sha256').update(token).digest());
    const line = await this.owner.connect();
    await line.request('invitation:create', { invitationId: newId<'invitation'>(), tokenHash, role, officeId: this.officeId, displayName });
    line.socket.disconnect();
    return { token, secret: createInvitationSecret() };
  }

  /** Registered through an invitation, not yet in the inbox's chain. */
  async enrol(role: 'official' | 'supervisor' | 'admin' = 'official', displayName?: string): Promise<Somebody> {
    return await this.enrolWith(await this.invite(role, displayName));
  }

  async enrolWith(invitation: { token: string; secret: Uint8Array }): Promise<Somebody> {
    return await this.newcomer().register(invitation);
  }

  /** An official whom the owner has made a member of the inbox. */
  async addOfficial(inboxRole: InboxRole = 'member', displayName?: string): Promise<Somebody> {
    const official = await this.enrol('official', displayName);
    this.inbox.add(this.owner.gim, official.gim, inboxRole);
    await this.append(this.owner);
    return official;
  }

  async removeOfficial(official: Somebody): Promise<void> {
    this.inbox.remove(this.owner.gim, official.gim);
    await this.append(this.owner);
  }

  /** Sends the inbox's newest link. */
  async append(by: Somebody): Promise<void> {
    const line = await by.connect();
    await line.request('inbox:append', { inboxId: this.inboxId, link: this.lastLink });
    line.socket.disconnect();
  }

  /** A conversation of the citizen's with its first epoch, stored. */
  async open(citizen: Somebody, line: Line): Promise<{ conversation: Conversation; conversationId: ConversationId }> {
    const conversation = new Conversation(citizen.gim, this.inbox);
    const conversationId = idOf<'conversation'>(conversation.id);
    await line.request('conversation:open', {
      conversationId,
      serviceId: this.serviceId,
      epoch: toSignedLink(conversation.current.sealed),
    });
    return { conversation, conversationId };
  }

  close(): void {
    for (const somebody of this.#people) somebody.close();
  }
}
