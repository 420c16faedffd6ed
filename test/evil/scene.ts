import { setTimeout } from 'node:timers/promises';
import { addMember } from '../../client/crypto/inbox-keys.ts';
import { coSignLink } from '../../client/crypto/sign-link.ts';
import type { Conversation } from '../../client/conversations/conversation.ts';
import { waitUntil } from '../../client/net/observable.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import type { InboxRole } from '../../server/protocol/inbox-bodies.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import { TestOffice, type TestOfficeOptions } from '../support/test-office.ts';
import type { EvilServer } from './evil-server.ts';
import { meet } from './insider.ts';
import { problemsOf, shows, textsOf, Victim } from './victim.ts';

let count = 0;

/** An office with one official, a citizen, and their conversation; both with the real client, nothing wrong yet. */
export class Scene {
  readonly evil: EvilServer;
  readonly office: TestOffice;
  readonly citizen: Victim;
  readonly official: Victim;
  readonly asked: Conversation;
  readonly #number: number;
  readonly #victims: Victim[];

  private constructor(parts: {
    number: number;
    evil: EvilServer;
    office: TestOffice;
    citizen: Victim;
    official: Victim;
    asked: Conversation;
  }) {
    this.evil = parts.evil;
    this.office = parts.office;
    this.citizen = parts.citizen;
    this.official = parts.official;
    this.asked = parts.asked;
    this.#number = parts.number;
    this.#victims = [parts.citizen, parts.official];
  }

  static async open(evil: EvilServer, options: Omit<TestOfficeOptions, 'name'> = {}): Promise<Scene> {
    const number = (count += 1);
    const office = await TestOffice.create(evil.server, { ...options, name: `office-${number}` });
    const official = await employ(evil, office, `official-${number}`);
    const citizen = new Victim(evil, `citizen-${number}`);
    await (await citizen.load()).registerCitizen();
    const { serviceId, inboxId } = office;
    const asked = await citizen.messenger.startConversation({ serviceId, inboxId });
    await asked.send('Moien', 'lb');
    await shows(asked, 'Moien');
    const scene = new Scene({ number, evil, office, citizen, official, asked });
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

  /** What the browser of this scene's is called that is going to be made under this name. */
  nameOf(name: string): string {
    return `${name}-${this.#number}`;
  }

  /** One more of the office, with the real client. */
  async employ(name: string, role: InboxRole = 'member'): Promise<Victim> {
    const official = await employ(this.evil, this.office, this.nameOf(name), role);
    this.#victims.push(official);
    return official;
  }

  /** One more browser, of nobody yet. */
  stranger(name: string): Victim {
    const victim = new Victim(this.evil, this.nameOf(name));
    this.#victims.push(victim);
    return victim;
  }

  /** The chain of somebody, from the honest server, and known to the test's world from now on. */
  async chainOf(accountId: AccountId): Promise<UserChainState> {
    return await meet(this.office, accountId);
  }

  /** What a browser remembers of the office's chain is a place on the true one. */
  async isTrueTo({ database }: Victim): Promise<boolean> {
    const { inbox, inboxId } = this.office;
    const head = await database.get('heads', inboxId);
    const tail = head && inbox.state.tails[head.seqno - 1];
    return tail !== undefined && head?.tail === toBase64Url(tail);
  }

  /** The server is honest again: on pages loaded anew both write and read, and nothing is wrong. Gives what is amiss. */
  async goOn(): Promise<{ readonly alarms: readonly string[]; readonly problems: readonly string[] }> {
    const { citizen, official, evil } = this;
    evil.lies.recant();
    const before = Date.now();
    await Promise.all([citizen.reload(), official.reload()]);
    const [asked, answered] = [this.asking, this.answered];
    const exchange = async () => {
      await asked.send(`again ${before}`, 'en');
      await waitUntil(answered.state, (state) => textsOf(state).includes(`again ${before}`));
      await answered.send(`yes ${before}`, 'en');
      await waitUntil(asked.state, (state) => textsOf(state).includes(`yes ${before}`));
    };
    // What does not come must not keep the test from saying what is wrong instead.
    const isHeard = await Promise.race([exchange().then(() => true), setTimeout(8_000, false, { ref: false })]);
    return {
      alarms: [...citizen.alarms, ...official.alarms],
      problems: [...(isHeard ? [] : ['unheard']), ...problemsOf(asked.state.value), ...problemsOf(answered.state.value)],
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
  const { inbox, owner, coOwners } = office;
  const member = await meet(office, official.accountId);
  const coSigners = coOwners.map(({ gim }) => ({ userId: gim.id, deviceId: gim.device.deviceId }));
  const added = addMember({ state: inbox.state, signer: owner.gim.signer, keys: inbox.keys(owner.gim), member, role, coSigners });
  inbox.append({ ...added, link: coOwners.reduce((link, { gim }) => coSignLink(link, gim.device), added.link) });
  await office.append(owner);
  return official;
}
