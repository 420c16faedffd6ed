import { beforeAll, expect, test } from 'vitest';
import { createDirectory } from '../../../client/account/directory.ts';
import { ConversationLog } from '../../../client/conversations/conversation-log.ts';
import { createInboxChains } from '../../../client/inbox/inbox-chain.ts';
import { createRegistry } from '../../../client/inbox/registry.ts';
import type { Alarm } from '../../../client/storage/alarm.ts';
import { createChainStore } from '../../../client/storage/chain-store.ts';
import { memoryDatabase } from '../../../client/storage/memory-database.ts';
import { createRegistryPin } from '../../../client/storage/registry-pin.ts';
import { type Base64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import type { Entry } from '../../../server/protocol/conversations.ts';
import { envelopeHash, firstRun, nextRun } from '../../../server/protocol/envelope.ts';
import { idOf, type InboxId } from '../../../server/protocol/ids.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { answering, type Answers } from '../../support/answering.ts';
import { Conversation, type Person, registryPks, World } from '../../support/gim-world.ts';

beforeAll(async () => {
  await cryptoReady;
});

function linksOf({ shelf }: Pick<Person, 'shelf'>): Base64Url[] {
  return shelf.links.map(toBase64Url);
}

function accountServer(person: Person, links: () => readonly Base64Url[]): Answers {
  return { 'account:load': () => ({ accounts: [{ accountId: idOf(person.id), displayName: null, links: links() }] }) };
}

test('an account whose chain is shorter than once seen is rolled back, and is trusted no more', async () => {
  const person = new World().person();
  const database = memoryDatabase();
  const short = linksOf(person);
  person.rotate();
  let links = linksOf(person);
  const alarms: Alarm[] = [];
  const open = () =>
    createDirectory({
      request: answering(accountServer(person, () => links)),
      chains: createChainStore(database),
      raise: (alarm) => void alarms.push(alarm),
    });
  await open().load([idOf(person.id)]);
  expect(alarms).toEqual([]);

  links = short;
  const later = open();
  await later.load([idOf(person.id)], { maxAgeMs: 0 });
  expect(alarms).toEqual([{ kind: 'rollback', chain: 'account', id: idOf(person.id) }]);
  expect(later.find(idOf(person.id))?.chain.seqno).toBe(2);
});

test('another person under a known id is refused', async () => {
  const world = new World();
  const person = world.person();
  const other = world.person();
  const alarms: Alarm[] = [];
  const directory = createDirectory({
    request: answering(accountServer(person, () => linksOf(other))),
    chains: createChainStore(memoryDatabase()),
    raise: (alarm) => void alarms.push(alarm),
  });
  await directory.load([idOf(person.id)]);
  expect(directory.find(idOf(person.id))).toBeNull();
  expect(alarms).toEqual([{ kind: 'chain-invalid', chain: 'account', id: idOf(person.id) }]);
});

test('an inbox that hides a removal it once showed is an alarm, and nothing is sealed to it', async () => {
  const world = new World();
  const owner = world.person();
  const member = world.person();
  const inbox = world.inbox(owner);
  inbox.add(owner, member);
  const before = linksOf(inbox);
  inbox.remove(owner, member);
  let links = linksOf(inbox);
  const inboxId: InboxId = idOf(inbox.id);
  const database = memoryDatabase();
  const alarms: Alarm[] = [];
  const request = answering({ 'inbox:load': ({ afterSeqno }) => ({ links: links.slice(afterSeqno), head: links.length }) });
  const open = (kept = database) =>
    createInboxChains({
      request,
      chains: createChainStore(kept),
      raise: (alarm) => void alarms.push(alarm),
      registryPks: async () => registryPks,
      loadUsers: async () => undefined,
      findUser: world.user,
    });
  expect((await open().load(inboxId, { fresh: true })).seqno).toBe(3);
  links = before;
  await expect(open().load(inboxId, { fresh: true })).rejects.toMatchObject({ code: 'broken_chain' });
  expect(alarms).toEqual([{ kind: 'rollback', chain: 'inbox', id: inboxId }]);
  // Who never saw the removal cannot know of it: that is what the key directory will be for.
  expect((await open(memoryDatabase()).load(inboxId, { fresh: true })).seqno).toBe(2);
});

test('keys of the registry and of the receipts that change are told, and the pinned ones stay', async () => {
  const database = memoryDatabase();
  let keys = registryPks.slice(0, 2).map(toBase64Url);
  let receiptKey = toBase64Url(new Uint8Array(32).fill(1));
  const alarms: Alarm[] = [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const http = (async () => ({ keys, registrars: null, receiptKey })) as unknown as Parameters<typeof createRegistry>[0]['http'];
  const open = () => createRegistry({ http, pin: createRegistryPin(database), raise: (alarm) => void alarms.push(alarm) });
  expect(await open().keys()).toEqual(registryPks.slice(0, 2));
  keys = registryPks.slice(1).map(toBase64Url);
  expect(await open().keys()).toEqual(registryPks.slice(0, 2));
  expect(alarms).toEqual([{ kind: 'registry-changed' }]);
  keys = registryPks.slice(0, 2).map(toBase64Url);
  receiptKey = toBase64Url(new Uint8Array(32).fill(2));
  expect(await open().receiptKey()).toEqual(new Uint8Array(32).fill(1));
  expect(alarms).toEqual([{ kind: 'registry-changed' }, { kind: 'receipt-key-changed' }]);
});

/** A conversation with three messages of the citizen, and a log of the official's that has read nothing yet. */
function threeMessages() {
  const world = new World();
  const [owner, citizen, official] = [world.person(), world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, official);
  const conversation = new Conversation(citizen, inbox);
  const log = new ConversationLog({
    conversationId: idOf(conversation.id),
    parties: { citizenId: citizen.id, inboxId: inbox.id },
    reader: {
      accountId: idOf(official.id),
      userId: official.id,
      device: official.device,
      side: 'office',
      verification: world.at('past'),
      loadChains: async () => undefined,
      keysFor: async () => ({ readerId: inbox.id, ring: inbox.ring(official) }),
      readersWanted: async () => ({ readers: [], isStale: false }),
      nameOf: () => null,
      readersNow: () => null,
      membershipChanges: () => [],
      resetSince: () => null,
      hasExpired: () => false,
    },
  });
  const { sealed } = conversation.current;
  const envelopes = ['one', 'two', 'three'].map((text) => conversation.send(citizen, text));
  return { conversation, log, epoch: { link: toBase64Url(sealed.link), box: toBase64Url(sealed.boxes[1] ?? new Uint8Array()) }, envelopes };
}

/** Entries as a server would number them, whatever it has put there. */
function numbered({ conversation, epoch }: ReturnType<typeof threeMessages>, envelopes: readonly Uint8Array[]): Entry[] {
  let run = firstRun(conversation.id);
  const bytes = [conversation.current.sealed.link, ...envelopes];
  return bytes.map((content, index): Entry => {
    run = nextRun(run, index + 1, envelopeHash(content));
    const base = { position: index + 1, acceptedAt: index + 1, run: toBase64Url(run) };
    return index === 0
      ? { ...base, kind: 'epoch', ...epoch, previousBox: null }
      : { ...base, kind: 'message', envelope: toBase64Url(content) };
  });
}

async function kindsAfter(log: ConversationLog, entries: readonly Entry[]): Promise<string[]> {
  for (const entry of entries) await log.append(entry);
  return log.opened.map((entry) => (entry.kind === 'problem' ? entry.problem : entry.kind === 'warning' ? entry.warning.kind : entry.kind));
}

test('a message the server leaves out is noticed by the next one of the same device', async () => {
  const scene = threeMessages();
  const [one, , three] = scene.envelopes;
  if (!one || !three) throw new Error('there are three');
  expect(await kindsAfter(scene.log, numbered(scene, [one, three]))).toEqual(['epoch', 'message', 'missing', 'message']);
  expect(scene.log.opened[2]).toMatchObject({
    position: 3,
    warning: { count: 1, since: 2, senderId: idOf(scene.conversation.citizen.id) },
  });
  // What does not fit is not kept: the next page asks for it again.
  expect(scene.log.sound.position).toBe(2);
});

test('a message that is given twice is shown once', async () => {
  const scene = threeMessages();
  const [one] = scene.envelopes;
  if (!one) throw new Error('there are three');
  expect(await kindsAfter(scene.log, numbered(scene, [one, one]))).toEqual(['epoch', 'message']);
});

test('an envelope with one bit turned is shown as what cannot be opened, and those after it go on', async () => {
  const scene = threeMessages();
  const [one, two, three] = scene.envelopes;
  if (!one || !two || !three) throw new Error('there are three');
  const broken = two.with(two.length - 1, (two.at(-1) ?? 0) ^ 1);
  expect(await kindsAfter(scene.log, numbered(scene, [one, broken, three]))).toEqual([
    'epoch',
    'message',
    'undecryptable',
    'missing',
    'message',
  ]);
});

test('a run hash that does not follow is a fork, and one that does is none', async () => {
  const [honest, forging] = [threeMessages(), threeMessages()];
  await kindsAfter(honest.log, numbered(honest, []));
  expect(honest.log.opened.map(({ kind }) => kind)).toEqual(['epoch']);
  expect(honest.log.sound.position).toBe(1);
  await kindsAfter(
    forging.log,
    numbered(forging, []).map((entry) => ({ ...entry, run: toBase64Url(new Uint8Array(32)) })),
  );
  expect(forging.log.opened.map(({ kind }) => kind)).toEqual(['warning', 'epoch']);
  expect(forging.log.sound.position).toBe(0);
});
