import { addMember } from '../../client/crypto/inbox-keys.ts';
import type { Conversation } from '../../client/conversations/conversation.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import type { InboxRole } from '../../server/protocol/inbox-bodies.ts';
import { replayUserChain, type UserChainState } from '../../server/protocol/user-chain.ts';
import { TestOffice, type TestOfficeOptions } from '../support/test-office.ts';
import type { EvilServer } from './evil-server.ts';
import { shows, Victim } from './victim.ts';

let count = 0;

/** An office with one official, a citizen, and their conversation; both with the real client, nothing wrong yet. */
export class Scene {
  readonly evil: EvilServer;
  readonly office: TestOffice;
  readonly citizen: Victim;
  readonly official: Victim;
  readonly asked: Conversation;
  readonly #victims: Victim[];

  private constructor(parts: { evil: EvilServer; office: TestOffice; citizen: Victim; official: Victim; asked: Conversation }) {
    this.evil = parts.evil;
    this.office = parts.office;
    this.citizen = parts.citizen;
    this.official = parts.official;
    this.asked = parts.asked;
    this.#victims = [parts.citizen, parts.official];
  }

  static async open(evil: EvilServer, options: Omit<TestOfficeOptions, 'name'> = {}): Promise<Scene> {
    count += 1;
    const office = await TestOffice.create(evil.server, { ...options, name: `office-${count}` });
    const official = await employ(evil, office, `official-${count}`);
    const citizen = new Victim(evil, `citizen-${count}`);
    await (await citizen.load()).registerCitizen();
    const { serviceId, inboxId } = office;
    const asked = await citizen.messenger.startConversation({ serviceId, inboxId });
    await asked.send('Moien', 'lb');
    await shows(asked, 'Moien');
    const scene = new Scene({ evil, office, citizen, official, asked });
    await shows(scene.answered, 'Moien');
    return scene;
  }

  /** The same conversation in the page the citizen has open now. */
  get asking(): Conversation {
    return this.citizen.messenger.conversation(this.asked.conversationId);
  }

  get answered(): Conversation {
    return this.official.messenger.conversation(this.asked.conversationId);
  }

  /** One more of the office, with the real client. */
  async employ(name: string, role: InboxRole = 'member'): Promise<Victim> {
    const official = await employ(this.evil, this.office, `${name}-${count}`, role);
    this.#victims.push(official);
    return official;
  }

  /** One more browser, of nobody yet. */
  stranger(name: string): Victim {
    const victim = new Victim(this.evil, `${name}-${count}`);
    this.#victims.push(victim);
    return victim;
  }

  /** The chain of somebody, from the honest server, and known to the test's world from now on. */
  async chainOf(accountId: AccountId): Promise<UserChainState> {
    return await meet(this.office, accountId);
  }

  /** The server is honest again: on pages loaded anew both write and read, and nothing is wrong. Gives what is amiss. */
  async goOn(): Promise<{ readonly alarms: readonly string[]; readonly problems: readonly string[] }> {
    const { citizen, official, evil } = this;
    evil.lies.recant();
    const before = Date.now();
    await Promise.all([citizen.reload(), official.reload()]);
    const [asked, answered] = [this.asking, this.answered];
    await asked.send(`again ${before}`, 'en');
    await waitUntil(answered.state, ({ items }) => items.some((item) => item.kind === 'message' && item.text === `again ${before}`));
    await answered.send(`yes ${before}`, 'en');
    await waitUntil(asked.state, ({ items }) => items.some((item) => item.kind === 'message' && item.text === `yes ${before}`));
    return {
      alarms: [...citizen.alarms, ...official.alarms],
      problems: [...asked.state.value.problems, ...answered.state.value.problems].map(({ kind }) => kind),
    };
  }

  close(): void {
    for (const victim of this.#victims) victim.close();
    this.office.close();
  }
}

/** Everything is as it should be after `goOn`. */
export const sound = { alarms: [], problems: [] };

async function employ(evil: EvilServer, office: TestOffice, name: string, role: InboxRole = 'member'): Promise<Victim> {
  const { token, secret } = await office.invite('official', name);
  const official = new Victim(evil, name);
  const invitation = await (await official.load()).readInvitation(`#${token}.${toBase64Url(secret)}`);
  await invitation.accept();
  const { inbox, owner } = office;
  const member = await meet(office, official.accountId);
  inbox.append(addMember({ state: inbox.state, signer: owner.gim.signer, keys: inbox.keys(owner.gim), member, role }));
  await office.append(owner);
  return official;
}

async function meet({ owner, world }: TestOffice, accountId: AccountId): Promise<UserChainState> {
  const line = await owner.connect();
  const { accounts } = await line.request('account:load', { accountIds: [accountId] });
  line.socket.disconnect();
  const chain = replayUserChain(accounts[0]?.links.map(fromBase64Url) ?? [], fromBase64Url(accountId));
  world.meet(chain);
  return chain;
}
