import { generateKeyPairSync } from 'node:crypto';
import type { HttpRoutes, SessionView } from '../../server/protocol/accounts.ts';
import { type Base64Url, fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { CommandName, Request, Response } from '../../server/protocol/commands.ts';
import type { ConversationView, Entry } from '../../server/protocol/conversations.ts';
import { checkEnvelope, decodeEnvelope, envelopeHash, firstRun, nextRun } from '../../server/protocol/envelope.ts';
import { type EpochState, verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import { type ErrorCode, isRetryable } from '../../server/protocol/errors.ts';
import { type AccountId, type ConversationId, idOf, newId, type OfficeId, type ServiceId } from '../../server/protocol/ids.ts';
import type { Notifications } from '../../server/protocol/notifications.ts';
import type { GenerationBoxes, SignedLink } from '../../server/protocol/offices.ts';
import { CryptoError, equalBytes } from '../../server/protocol/sodium.ts';
import { Receipts } from '../../server/conversations/receipts.ts';
import type { StoredBoxes } from '../../client/crypto/generation-keys.ts';
import { RequestError } from '../../client/net/request-error.ts';
import { type Inbox, type Person, registryPks, World } from './gim-world.ts';

const officeId: OfficeId = newId();

export interface Member {
  readonly person: Person;
  readonly session: SessionView;
}

type Handlers = { readonly [Name in CommandName]?: (request: Request<Name>, caller: Member) => Response<Name> };
export type Fact = {
  readonly [Name in keyof Notifications]: { readonly name: Name; readonly fact: Parameters<Notifications[Name]>[0] };
}[keyof Notifications];

interface Stored {
  view: ConversationView;
  run: Uint8Array;
  epoch: EpochState;
  /** Each entry as it is for somebody: of an epoch, with the box he can open. */
  readonly entries: ((member: Member) => Entry)[];
  readonly messages: Map<string, { envelope: Base64Url } & Response<'message:send'>>;
}

/** The server's half of a conversation without a server: the same checks in the same order, in memory and at once. For runs by the thousand. */
export class MemoryServer {
  readonly world = new World();
  readonly owner = this.world.person();
  readonly inbox: Inbox = this.world.inbox(this.owner);
  readonly receiptKeys = generateKeyPairSync('ed25519');
  /** The inbox whose members attest resets. */
  registrars: Inbox | null = null;

  get registry(): ReturnType<HttpRoutes['GET /api/registry']> {
    return {
      keys: registryPks.map(toBase64Url),
      registrars: this.registrars && idOf(this.registrars.id),
      receiptKey: toBase64Url(this.receiptKeys.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)),
    };
  }

  readonly #members = new Map<AccountId, Member>();
  readonly #conversations = new Map<ConversationId, Stored>();
  readonly #listeners = new Set<{ readonly member: Member; readonly tell: (fact: Fact) => void }>();
  #clock = 1_000;

  join(person: Person, role: 'citizen' | 'official', displayName: string | null = null): Member {
    const office = role === 'official';
    const session: SessionView = {
      accountId: idOf(person.id),
      role,
      displayName,
      officeId: office ? officeId : null,
      inboxId: office ? idOf(this.inbox.id) : null,
      deviceId: idOf(person.device.deviceId),
      confirmedUntil: Number.MAX_SAFE_INTEGER,
      expiresAt: Number.MAX_SAFE_INTEGER,
    };
    const member = { person, session };
    this.#members.set(session.accountId, member);
    return member;
  }

  /** Commands that are refused as by a session that has ended, and how often they were. */
  readonly refused = new Map<CommandName, number>();

  listen(member: Member, tell: (fact: Fact) => void): () => void {
    const listener = { member, tell };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  answer<Name extends CommandName>(name: Name, request: Request<Name>, caller: Member): Response<Name> {
    const handlers: Handlers = this.#handlers;
    const handler = handlers[name];
    if (!handler) throw refusal('unknown_command');
    const refusals = this.refused.get(name);
    if (refusals !== undefined) {
      this.refused.set(name, refusals + 1);
      throw refusal('unauthenticated');
    }
    try {
      return handler(request, caller);
    } catch (error) {
      if (error instanceof CryptoError) throw refusal(error.code === 'stale_key' ? 'stale_epoch' : 'bad_request');
      throw error;
    }
  }

  /** What everybody is told when the inbox's chain has grown. */
  tellOfInbox(): void {
    const fact = { inboxId: idOf<'inbox'>(this.inbox.id), head: this.inbox.shelf.links.length };
    for (const { tell } of Array.from(this.#listeners)) tell({ name: 'inbox:changed', fact });
  }

  /** Texts of nobody: how many messages were stored. */
  messageCount(conversationId: ConversationId): number {
    return this.#find(conversationId).messages.size;
  }

  /** What no honest server does: stores an envelope that nobody has checked, and tells everybody. */
  smuggle(conversationId: ConversationId, envelope: Uint8Array): void {
    const stored = this.#find(conversationId);
    const entry = { kind: 'message' as const, envelope: toBase64Url(envelope), ...this.#place(stored, envelope) };
    this.#append(stored, () => entry);
  }

  /** The epoch in force, as it was verified. */
  epochOf(conversationId: ConversationId): EpochState {
    return this.#find(conversationId).epoch;
  }

  readonly #handlers: Handlers = {
    'account:load': ({ accountIds }) => ({
      accounts: accountIds.flatMap((accountId) => {
        const member = this.#members.get(accountId);
        const person = member?.person ?? (accountId === idOf<'account'>(this.owner.id) ? this.owner : null);
        return person ? [{ accountId, displayName: member?.session.displayName ?? null, links: person.shelf.links.map(toBase64Url) }] : [];
      }),
    }),
    'account:load-boxes': (_request, { person }) => ({ generations: toWire(person.shelf.boxesOf(person.device.deviceId)) }),
    'inbox:load': ({ inboxId, afterSeqno }) => {
      const { links } = ([this.inbox, this.registrars].find((inbox) => inbox && idOf(inbox.id) === inboxId) ?? this.inbox).shelf;
      return { links: links.slice(afterSeqno).map(toBase64Url), head: links.length };
    },
    'inbox:load-boxes': (_request, { person }) => ({ generations: toWire(this.inbox.shelf.boxesOf(person.id)) }),
    'conversation:open': ({ conversationId, serviceId, epoch }, caller) => {
      const known = this.#conversations.get(conversationId);
      if (known) return known.view;
      this.#open(conversationId, serviceId, epoch, caller);
      return this.#find(conversationId).view;
    },
    'conversation:list': (_request, { session }) => ({
      conversations: Array.from(this.#conversations.values(), ({ view }) => view).filter(
        ({ citizenId }) => session.role === 'official' || citizenId === session.accountId,
      ),
    }),
    'conversation:pull': ({ conversationId, after }, caller) => {
      const { view, entries } = this.#find(conversationId);
      // Small pages, so that a few messages already need several.
      return { conversation: view, entries: entries.slice(after, after + 3).map((entryFor) => entryFor(caller)) };
    },
    'conversation:mark-read': ({ position }) => ({ position }),
    'epoch:append': ({ conversationId, epoch }) => {
      const stored = this.#find(conversationId);
      const link = fromBase64Url(epoch.link);
      let state: EpochState;
      try {
        state = verifyEpoch(link, stored.epoch, stored.epoch.parties, this.world.at('now'));
      } catch (error) {
        if (error instanceof CryptoError && error.code === 'broken_chain') throw refusal('conflict');
        throw error;
      }
      return { position: this.#appendEpoch(stored, state, epoch) };
    },
    'message:send': ({ conversationId, envelope }) => {
      const stored = this.#find(conversationId);
      const bytes = fromBase64Url(envelope);
      // The repeat of a stored message is answered before anything else about it is judged.
      const messageId = toBase64Url(decodeEnvelope(bytes).header.messageId);
      const known = stored.messages.get(messageId);
      if (known) {
        if (known.envelope !== envelope) throw refusal('conflict');
        const { position, acceptedAt, receipt } = known;
        return { position, acceptedAt, receipt };
      }
      checkEnvelope(bytes, stored.epoch, this.world.at('now'));
      const entry = { kind: 'message' as const, envelope, ...this.#place(stored, bytes) };
      const { position, acceptedAt } = entry;
      const claim = { conversationId: fromBase64Url(conversationId), position, run: fromBase64Url(entry.run) };
      const answer = { position, acceptedAt, receipt: Receipts.sign(this.receiptKeys.privateKey, claim) };
      stored.messages.set(messageId, { envelope, ...answer });
      this.#append(stored, () => entry);
      return answer;
    },
  };

  #find(conversationId: ConversationId): Stored {
    const stored = this.#conversations.get(conversationId);
    if (!stored) throw refusal('not_found');
    return stored;
  }

  #open(conversationId: ConversationId, serviceId: ServiceId, epoch: SignedLink, { person, session }: Member): void {
    const parties = { citizenId: person.id, inboxId: this.inbox.id };
    const state = verifyEpoch(fromBase64Url(epoch.link), null, parties, this.world.at('now'));
    const now = (this.#clock += 1);
    const view: ConversationView = {
      conversationId,
      reference: '2026-0001-A',
      serviceId,
      officeId,
      inboxId: idOf(this.inbox.id),
      citizenId: session.accountId,
      state: 'open',
      head: 0,
      epoch: 1,
      readPosition: 0,
      otherReadPosition: 0,
      openedAt: now,
      lastActivityAt: now,
    };
    const stored: Stored = { view, run: firstRun(fromBase64Url(conversationId)), epoch: state, entries: [], messages: new Map() };
    this.#conversations.set(conversationId, stored);
    this.#appendEpoch(stored, state, epoch);
  }

  #appendEpoch(stored: Stored, state: EpochState, { link, boxes, previousBox }: SignedLink): number {
    stored.epoch = state;
    const base = { kind: 'epoch' as const, link, previousBox, ...this.#place(stored, fromBase64Url(link)) };
    const boxFor = ({ person, session }: Member): Base64Url | null => {
      const own = state.readers.findIndex(({ kind, id }) => kind !== 'inbox' && equalBytes(id, person.id));
      const index = own === -1 && session.role === 'official' ? state.readers.findIndex(({ kind }) => kind === 'inbox') : own;
      return boxes[index] ?? null;
    };
    this.#append(stored, (member) => ({ ...base, box: boxFor(member) }));
    return base.position;
  }

  #place(stored: Stored, bytes: Uint8Array): { position: number; acceptedAt: number; run: Base64Url } {
    const position = stored.entries.length + 1;
    stored.run = nextRun(stored.run, position, envelopeHash(bytes));
    return { position, acceptedAt: (this.#clock += 1), run: toBase64Url(stored.run) };
  }

  #append(stored: Stored, entryFor: (member: Member) => Entry): void {
    stored.entries.push(entryFor);
    stored.view = { ...stored.view, head: stored.entries.length, epoch: stored.epoch.epoch, lastActivityAt: this.#clock };
    const { conversationId, head } = stored.view;
    for (const { member, tell } of Array.from(this.#listeners)) {
      tell({ name: 'conversation:advanced', fact: { conversationId, head, entries: [entryFor(member)] } });
    }
  }
}

export function refusal(code: ErrorCode): RequestError {
  return new RequestError({ code, retryable: isRetryable(code), ref: 'memory' });
}

function toWire(boxes: readonly StoredBoxes[]): GenerationBoxes[] {
  return boxes.map(({ generation, box, prevBox }) => ({
    generation,
    box: box && toBase64Url(box),
    recipientGeneration: null,
    previousBox: prevBox && toBase64Url(prevBox),
  }));
}
