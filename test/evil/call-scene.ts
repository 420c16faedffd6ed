import { expect } from 'vitest';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { CallMember } from '../../server/protocol/calls.ts';
import { idOf } from '../../server/protocol/ids.ts';
import { activeMembers } from '../../server/protocol/inbox-state.ts';
import { activeDevices } from '../../server/protocol/user-state.ts';
import { AgreeingCall, callerOf, type Page } from '../support/agreeing-call.ts';
import { type Inbox, type Person, World } from '../support/gim-world.ts';

/** A citizen and an official of real chains in a call, and a server that hands on what it likes. */
export class CallScene {
  readonly world = new World();
  readonly citizen: Person = this.world.person();
  readonly owner: Person = this.world.person();
  readonly official: Person = this.world.person();
  readonly colleague: Person = this.world.person();
  readonly inbox: Inbox = this.world.inbox(this.owner);
  readonly call = new AgreeingCall();
  readonly as = {
    citizen: callerOf(this.citizen, 'citizen', 'citizen'),
    official: callerOf(this.official, 'official', 'official'),
    colleague: callerOf(this.colleague, 'colleague', 'colleague'),
  };

  constructor() {
    this.inbox.add(this.owner, this.official);
    this.inbox.add(this.owner, this.colleague);
    this.call.recognise = (member) => Promise.resolve(this.#device(member));
  }

  /** An active device of the citizen, or of somebody who is in the inbox now. */
  #device({ accountId, deviceId }: CallMember): { signPk: Uint8Array } | null {
    const person = this.world.find(fromBase64Url(accountId));
    const isParty = person === this.citizen || activeMembers(this.inbox.state, this.world).some(({ userId }) => idOf(userId) === accountId);
    if (!person || !isParty || !deviceId) return null;
    return activeDevices(person.state).find((device) => idOf(device.deviceId) === deviceId) ?? null;
  }

  async meet(): Promise<readonly [citizen: Page, official: Page]> {
    const citizen = await this.call.join(this.as.citizen);
    const official = await this.call.join(this.as.official);
    await this.call.settle();
    await this.expectSound();
    return [citizen, official];
  }

  /** All who are in `pages` agree, see the same number and each other; the attack has left nothing behind. */
  async expectSound(pages: readonly Page[] = this.call.pages): Promise<void> {
    for (const { state } of pages) {
      expect(state).toMatchObject({ phase: 'agreed', check: pages[0]?.state.check });
      expect(state.agreed).toHaveLength(pages.length - 1);
    }
    const seen = await this.call.seen();
    const names = pages.map((page) => page.caller.name);
    const among = Object.entries(seen).filter(([way]) => way.split(' → ').every((name) => names.includes(name)));
    expect(among.map(([, what]) => what)).toEqual(among.map(() => 'opened'));
  }
}
