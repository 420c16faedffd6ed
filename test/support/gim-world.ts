import { createDevice, type DeviceKeys } from '../../client/crypto/device.ts';
import { createEpoch, type EpochKeys, type SealedEpoch } from '../../client/crypto/epoch-keys.ts';
import { firstCounter, sealEnvelope, type SenderCounter } from '../../client/crypto/envelope.ts';
import type { GenerationKeys, SealedLink, StoredBoxes } from '../../client/crypto/generation-keys.ts';
import { addMember, createInbox, draftInbox, openInboxKeys, removeMember, rotateInboxKey } from '../../client/crypto/inbox-keys.ts';
import { randomBytes } from '../../client/crypto/primitives.ts';
import { registryKeysFromSeed, signRegistryStatement } from '../../client/crypto/registry.ts';
import type { Signer } from '../../client/crypto/sign-link.ts';
import { acceptDevice, addDevice, createUser, openUserKeys, revokeDevices, rotateUserKey } from '../../client/crypto/user-keys.ts';
import type { EpochReason } from '../../server/protocol/epoch.ts';
import { type EpochState, readerOfInbox, readerOfUser, type ReaderKey, verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import { extendInboxChain, replayInboxChain } from '../../server/protocol/inbox-chain.ts';
import type { InboxPolicy, InboxRole } from '../../server/protocol/inbox-bodies.ts';
import type { InboxChainState } from '../../server/protocol/inbox-state.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { extendUserChain } from '../../server/protocol/user-chain.ts';
import { currentGeneration, type UserChainState } from '../../server/protocol/user-state.ts';
import type { Verification } from '../../server/protocol/verification.ts';

/** What a server stores of one chain: links, and per generation every recipient's box. */
class Shelf {
  readonly links: Uint8Array[] = [];
  readonly #boxes = new Map<string, Uint8Array>();
  readonly #prevBoxes = new Map<number, Uint8Array>();
  #generations = 0;

  put(sealed: SealedLink, state: UserChainState | InboxChainState): void {
    this.links.push(sealed.link);
    const current = currentGeneration(state);
    const added = current.boxes.slice(-sealed.boxes.length);
    for (const [index, box] of sealed.boxes.entries()) this.#boxes.set(`${current.generation} ${String(added[index]?.recipient)}`, box);
    if (sealed.prevBox !== null) this.#prevBoxes.set(current.generation, sealed.prevBox);
    this.#generations = current.generation;
  }

  boxesOf(recipient: Uint8Array): StoredBoxes[] {
    return Array.from({ length: this.#generations }, (_, index) => ({
      generation: index + 1,
      box: this.#boxes.get(`${index + 1} ${String(recipient)}`) ?? null,
      prevBox: this.#prevBoxes.get(index + 1) ?? null,
    }));
  }
}

export class Person {
  readonly shelf = new Shelf();
  /** The last link, as it is posted. */
  newest: SealedLink;
  device: DeviceKeys = createDevice('browser');
  state: UserChainState;

  constructor() {
    const created = createUser({ device: this.device, label: 'Phone', createdAt: 1 });
    this.state = created.state;
    this.newest = created;
    this.shelf.put(created, created.state);
  }

  get id(): Uint8Array {
    return this.state.userId;
  }

  get signer(): Signer {
    return { userId: this.id, device: this.device, createdAt: 2 };
  }

  /** The user's PUK generations, as this device opens them from what the server stores. */
  ring(device: DeviceKeys = this.device): readonly GenerationKeys[] {
    return openUserKeys(this.state, device, this.shelf.boxesOf(device.deviceId));
  }

  keys(): GenerationKeys {
    return this.ring().at(-1)!;
  }

  append(sealed: SealedLink): void {
    this.adopt(sealed, extendUserChain(this.state, sealed.link));
  }

  /** A link that was verified elsewhere, after which the person goes on with `device`. */
  adopt(sealed: SealedLink, state: UserChainState, device: DeviceKeys = this.device): void {
    this.state = state;
    this.newest = sealed;
    this.shelf.put(sealed, state);
    this.device = device;
  }

  rotate(): void {
    this.append(rotateUserKey({ state: this.state, signer: this.signer, keys: this.keys() }));
  }

  /** Signs another device in, which is the one the person goes on with. */
  moveTo(device: DeviceKeys): void {
    this.admit(device);
    this.device = device;
  }

  /** Signs another device in. */
  admit(device: DeviceKeys): void {
    const added = addDevice({ state: this.state, signer: this.signer, keys: this.keys(), newDevice: device, label: 'Tablet' });
    this.append({ ...added, link: acceptDevice(added.link, device, this.id) });
  }

  revoke(...deviceIds: Uint8Array[]): void {
    this.append(revokeDevices({ state: this.state, signer: this.signer, keys: this.keys(), deviceIds }));
  }
}

await cryptoReady;

export const registry = [1, 2, 3].map((number) => registryKeysFromSeed(new Uint8Array(32).fill(number)));
export const registryPks = registry.map(({ registryPk }) => registryPk);

/** Every chain there is, and what the functions under test ask for. */
export class World {
  readonly #people: Person[] = [];
  readonly #inboxes: Inbox[] = [];
  readonly #strangers = new Map<string, UserChainState>();

  /** Makes the chain of somebody known whose keys are elsewhere; again when it has grown. */
  meet(chain: UserChainState): void {
    this.#strangers.set(String(chain.userId), chain);
  }

  person(): Person {
    const person = new Person();
    this.#people.push(person);
    return person;
  }

  find(userId: Uint8Array): Person | undefined {
    return this.#people.find((person) => String(person.id) === String(userId));
  }

  inbox(owner: Person, more: { owners?: Person[]; policy?: InboxPolicy; name?: string } = {}): Inbox {
    const inbox = new Inbox(this, owner, more);
    this.#inboxes.push(inbox);
    return inbox;
  }

  readonly user: Verification['user'] = (id) => this.find(id)?.state ?? this.#strangers.get(String(id));

  at(moment: Verification['moment']): Verification {
    return { user: this.user, inbox: (id) => this.#inboxes.find((inbox) => String(inbox.id) === String(id))?.state, registryPks, moment };
  }
}

export class Inbox {
  readonly shelf = new Shelf();
  /** The last link, as it is posted. */
  newest: SealedLink;
  readonly world: World;
  state: InboxChainState;

  constructor(world: World, owner: Person, more: { owners?: Person[]; policy?: InboxPolicy; name?: string }) {
    this.world = world;
    const draft = draftInbox(
      more.name ?? 'Civil registry',
      more.policy ?? { addsRequire: 1, requirePrf: false },
      [owner, ...(more.owners ?? [])].map(({ state }) => state),
    );
    const created = createInbox(draft, signRegistryStatement(draft.statement, registry.slice(0, 2)), owner.signer);
    this.state = replayInboxChain([created.link], world.at('now'));
    this.shelf.put(created, this.state);
    this.newest = created;
  }

  get id(): Uint8Array {
    return this.state.inboxId;
  }

  ring(person: Person): readonly GenerationKeys[] {
    return openInboxKeys(this.state, person.id, person.ring(), this.shelf.boxesOf(person.id));
  }

  keys(person: Person): GenerationKeys {
    return this.ring(person).at(-1)!;
  }

  append(sealed: SealedLink): void {
    const state = extendInboxChain(this.state, sealed.link, this.world.at('now'));
    this.state = state;
    this.newest = sealed;
    this.shelf.put(sealed, state);
  }

  add(by: Person, member: Person, role: InboxRole = 'member'): void {
    this.append(addMember({ state: this.state, signer: by.signer, keys: this.keys(by), member: member.state, role }));
  }

  remove(by: Person, member: Person): void {
    this.append(removeMember({ state: this.state, signer: by.signer, keys: this.keys(by), userId: member.id, user: this.world.user }));
  }

  rotate(by: Person): void {
    this.append(rotateInboxKey({ state: this.state, signer: by.signer, keys: this.keys(by), reason: 'scheduled', user: this.world.user }));
  }
}

export interface VerifiedEpoch {
  readonly state: EpochState;
  readonly keys: EpochKeys;
  readonly sealed: SealedEpoch;
}

/** A conversation of a citizen with an inbox: its epochs, and a counter for each sender. */
export class Conversation {
  readonly id = randomBytes(16);
  readonly epochs: VerifiedEpoch[] = [];
  readonly citizen: Person;
  readonly inbox: Inbox;
  readonly #counters = new Map<Person, SenderCounter>();

  constructor(citizen: Person, inbox: Inbox) {
    this.citizen = citizen;
    this.inbox = inbox;
    this.reEpoch(citizen, 'opened');
  }

  get current(): VerifiedEpoch {
    return this.epochs.at(-1)!;
  }

  /** An epoch that has not been verified or stored. */
  draftEpoch(
    by: Pick<Person, 'signer'>,
    reason: EpochReason,
    readers: readonly ReaderKey[] = [readerOfUser(this.citizen.state), readerOfInbox(this.inbox.state)],
  ): SealedEpoch {
    return createEpoch({ conversationId: this.id, previous: this.epochs.at(-1) ?? null, readers, reason, signer: by.signer });
  }

  verify(link: Uint8Array, moment: Verification['moment'] = 'now'): EpochState {
    const parties = { citizenId: this.citizen.id, inboxId: this.inbox.id };
    return verifyEpoch(link, this.epochs.at(-1)?.state ?? null, parties, this.inbox.world.at(moment));
  }

  reEpoch(by: Person, reason: EpochReason = 'newer_key'): VerifiedEpoch {
    const sealed = this.draftEpoch(by, reason);
    const epoch = { state: this.verify(sealed.link), keys: sealed.keys, sealed };
    this.epochs.push(epoch);
    return epoch;
  }

  send(by: Person, text: string, epoch: VerifiedEpoch = this.current, messageId: Uint8Array = randomBytes(16)): Uint8Array {
    const sealed = sealEnvelope({
      epoch: epoch.state,
      keys: epoch.keys,
      sender: by.signer,
      counter: this.#counters.get(by) ?? firstCounter,
      messageId,
      body: {
        sentAt: 3,
        content: { type: 'text', text, lang: 'fr', author: null },
        gossip: null,
        seen: null,
      },
    });
    this.#counters.set(by, sealed.counter);
    return sealed.envelope;
  }
}
