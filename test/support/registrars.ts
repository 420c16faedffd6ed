import { createDevice, type DeviceKeys } from '../../client/crypto/device.ts';
import type { GenerationKeys } from '../../client/crypto/generation-keys.ts';
import { attestReset, draftReset, finishReset } from '../../client/crypto/reset.ts';
import { registrarsName } from '../../server/protocol/inbox-state.ts';
import { type ResetContext, resetDelayMs } from '../../server/protocol/reset-statement.ts';
import { extendUserChain, replayUntilReset } from '../../server/protocol/user-chain.ts';
import type { Inbox, Person, World } from './gim-world.ts';

export const attestedAt = 1_800_000_000_000;
export const notBefore = attestedAt + resetDelayMs;

/** What a person who has lost everything keeps while the delay runs. */
export interface PendingReset {
  readonly device: DeviceKeys;
  readonly draft: Uint8Array;
  readonly box: Uint8Array;
  readonly keys: GenerationKeys;
}

/** The registrars' inbox with two registrars, and the steps of a reset as each side takes them. */
export class Registrars {
  readonly world: World;
  readonly inbox: Inbox;
  readonly first: Person;
  readonly second: Person;

  constructor(world: World) {
    this.world = world;
    this.first = world.person();
    this.second = world.person();
    this.inbox = world.inbox(this.first, { name: registrarsName });
    this.inbox.add(this.first, this.second, 'member');
  }

  context(more: Partial<ResetContext> = {}): ResetContext {
    const user = (userId: Uint8Array) => {
      const links = this.world.find(userId)?.shelf.links;
      return links && replayUntilReset(links, userId);
    };
    return { registrars: this.inbox.state, user, now: notBefore, moment: 'now', ...more };
  }

  draft(person: Person, device: DeviceKeys = createDevice('browser')): PendingReset {
    return { device, ...draftReset({ state: person.state, device }) };
  }

  attest(registrar: Person, person: Person, { draft }: Pick<PendingReset, 'draft'>, createdAt = attestedAt): Uint8Array {
    const signer = { ...registrar.signer, createdAt };
    return attestReset({ draft, state: person.state, registrars: this.inbox.state, signer });
  }

  finish(pending: PendingReset, attestations: readonly Uint8Array[], more: { notBefore?: number; createdAt?: number } = {}) {
    return finishReset({ ...pending, attestations, notBefore, createdAt: notBefore, ...more });
  }

  /** The whole of it: afterwards the person has one new device. */
  reset(person: Person, by: readonly Person[] = [this.first, this.second]): PendingReset {
    const pending = this.draft(person);
    const words = by.map((registrar) => this.attest(registrar, person, pending));
    const link = this.finish(pending, words);
    person.adopt(link, extendUserChain(person.state, link.link, this.context()), pending.device);
    return pending;
  }
}
