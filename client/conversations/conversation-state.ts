import type { ConversationView } from '../../server/protocol/conversations.ts';
import { type AccountId, idOf, type MessageId } from '../../server/protocol/ids.ts';
import { locales } from '../../server/protocol/locale.ts';
import { decodeMessageBody, type MessageBody } from '../../server/protocol/message-body.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { type CallRecord, decodeCallRecord } from '../crypto/call-record.ts';
import { decodeFilePayload, type FileDescription } from '../crypto/file-payload.ts';
import type { OutboxItem } from '../storage/outbox-store.ts';
import type { ConversationLog, InForce } from './conversation-log.ts';
import { hasExpired, problemsOf } from './conversation-problems.ts';
import { describeEpoch, placeMembers } from './describe-readers.ts';
import type { Author, ConversationProblem, Delivery, Item, MessageItem, WarningText } from './items.ts';
import type { OpenedEntry, OpenedMessage } from './opened-entry.ts';
import type { ReadersNow } from './readers-now.ts';
import type { Reader } from './reader.ts';

/** What a page shows of one conversation. */
export interface ConversationState {
  /** Null until it was first loaded, from this device or from the server. */
  readonly view: ConversationView | null;
  /** False while history is still being fetched. */
  readonly caughtUp: boolean;
  /** Entries by position, then own messages that have none yet. */
  readonly items: readonly Item[];
  readonly problems: readonly ConversationProblem[];
  /** Messages of the other side after the own read position. */
  readonly unread: number;
  /** By the newest epoch; null as long as none was read. */
  readonly inForce: InForce | null;
  /** Who can read what is written next; null while that is not known here. */
  readonly readers: ReadersNow | null;
  /** Officials who could read when the person last looked; null before the first look. */
  readonly readersSeen: readonly AccountId[] | null;
}

/** A message the server has acknowledged and whose entry has not come back yet. */
export interface Acknowledged {
  readonly messageId: MessageId;
  readonly position: number;
  readonly acceptedAt: number;
  readonly body: MessageBody;
}

export interface Parts {
  readonly reader: Pick<Reader, 'accountId' | 'side' | 'nameOf' | 'readersNow' | 'membershipChanges' | 'resetSince' | 'hasExpired'>;
  readonly view: ConversationView | null;
  readonly log: ConversationLog | null;
  readonly caughtUp: boolean;
  readonly readersSeen: readonly AccountId[] | null;
  readonly acknowledged: readonly Acknowledged[];
  readonly unsent: readonly OutboxItem[];
  /** What came up on the way; the log's own are found in it. */
  readonly problems: readonly ConversationProblem[];
}

/** Puts together what came from the server, what was acknowledged, and what waits in the outbox: each message once. */
export function describeConversation(given: Parts): ConversationState {
  const { view, log, caughtUp, acknowledged, unsent, problems, reader, readersSeen } = given;
  const opened = log?.opened ?? [];
  const parts = { ...given, opened };
  const members = placeMembers(opened, reader);
  const membersAt = (index: number) => members.filter((change) => change.index === index).map(({ item }) => item);
  const entries = [
    ...opened.flatMap((entry, index) => [...membersAt(index), describeEntry(entry, index, parts) ?? []].flat()),
    ...membersAt(opened.length),
  ];
  const isClosed = log !== null && hasExpired(log, reader);
  const there = new Set(opened.flatMap((entry) => (entry.kind === 'message' ? [entry.messageId] : [])));
  const under = acknowledged.filter(({ messageId }) => !there.has(messageId));
  for (const { messageId } of under) there.add(messageId);
  return {
    view,
    caughtUp,
    problems: problemsOf(log, reader, problems),
    inForce: log?.inForce ?? null,
    readers: (!isClosed && log?.epoch && reader.readersNow(log.epoch.state)) || null,
    readersSeen,
    items: [
      ...(isClosed ? closed(entries) : entries),
      ...under.map((message) => describeMessage({ ...message, kind: 'message', senderId: reader.accountId }, parts)),
      ...unsent.filter(({ messageId }) => !there.has(messageId)).map((item) => describeUnsent(item, parts)),
    ],
    unread: opened.filter((entry) => entry.kind === 'message' && entry.position > (view?.readPosition ?? 0) && isOtherSide(entry, parts))
      .length,
  };
}

/** Of an expired case one line says so, instead of each of its messages and of who could read them. */
function closed(items: readonly Item[]): readonly Item[] {
  const last = items.findLast(({ position }) => position !== null);
  const events = items.filter(({ kind }) => kind === 'event' || kind === 'warning');
  return [...events, { kind: 'problem', position: last?.position ?? 0, at: last?.at ?? 0, problem: 'expired' }];
}

type Described = Parts & { readonly opened: readonly OpenedEntry[] };

function isOtherSide({ senderId }: OpenedMessage, { reader, view }: Described): boolean {
  return reader.side === 'citizen' ? senderId !== reader.accountId : senderId === view?.citizenId;
}

function describeEntry(entry: OpenedEntry, index: number, parts: Described): Item | null {
  const { position, acceptedAt: at } = entry;
  if (entry.kind === 'message') {
    const { content } = entry.body;
    const isBroken = (content.type === 'file' && fileOf(content) === null) || (content.type === 'call' && callOf(content) === null);
    if (isBroken) return { kind: 'problem', position, at, problem: 'invalid' };
    const isShown = content.type === 'text' || content.type === 'file' || content.type === 'call';
    return isShown ? describeMessage(entry, parts) : { kind: 'problem', position, at, problem: 'unknown-version' };
  }
  if (entry.kind === 'event') return { kind: 'event', position, at, event: entry.event };
  if (entry.kind === 'problem') return { kind: 'problem', position, at, problem: entry.problem };
  if (entry.kind === 'warning') return { kind: 'warning', position, at, index, warning: describeWarning(entry, parts) };
  return entry.previous === null ? null : describeEpoch(entry, parts.reader, somebody(idOf(entry.state.signerUser), parts));
}

function describeMessage(message: OpenedMessage, parts: Described): MessageItem {
  const { messageId, position, acceptedAt: at, senderId, body } = message;
  const isOwn = senderId === parts.reader.accountId;
  const isRead = position <= (parts.view?.otherReadPosition ?? 0);
  const delivery: Delivery = isRead ? { state: 'read' } : { state: 'sent', at };
  return {
    kind: 'message',
    messageId,
    position,
    at,
    author: authorOf(message, parts),
    ...wordsOf(body),
    delivery: isOwn ? delivery : null,
  };
}

function describeUnsent({ messageId, createdAt, payload, error }: OutboxItem, parts: Described): MessageItem {
  const body = decodeMessageBody(payload);
  const author = authorOf({ senderId: parts.reader.accountId, body }, parts);
  return {
    kind: 'message',
    messageId,
    position: null,
    at: createdAt,
    author,
    ...wordsOf(body),
    delivery: error ? { state: 'failed', error } : { state: 'pending' },
  };
}

function wordsOf({ content }: MessageBody): Pick<MessageItem, 'text' | 'lang' | 'file' | 'call'> {
  if (content.type !== 'text') return { text: '', lang: null, file: fileOf(content), call: callOf(content) };
  return { text: content.text, lang: locales.find((locale) => locale === content.lang) ?? null, file: null, call: null };
}

/** What the message says of its file; null when it is none, or one that breaks the rules. */
function fileOf(content: MessageBody['content']): FileDescription | null {
  return content.type === 'file' ? decoded(() => decodeFilePayload(content.payload)) : null;
}

/** What the message keeps of a call; null as above. */
function callOf(content: MessageBody['content']): CallRecord | null {
  return content.type === 'call' ? decoded(() => decodeCallRecord(content.payload)) : null;
}

function decoded<Value>(decode: () => Value): Value | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof CryptoError) return null;
    throw error;
  }
}

function authorOf({ senderId, body }: Pick<OpenedMessage, 'senderId' | 'body'>, parts: Described): Author {
  const author = somebody(senderId, parts);
  // A citizen's name is what he wrote; an official cannot give himself another one than the directory's.
  // A file does not carry it: its sender is called what he last called himself.
  const isNamed = senderId === parts.view?.citizenId && body.content.type === 'text';
  return isNamed ? { ...author, name: body.content.author } : author;
}

function somebody(accountId: AccountId, parts: Described): Author {
  const { reader, view, opened } = parts;
  const isCitizen = accountId === view?.citizenId;
  const who = accountId === reader.accountId ? 'me' : isCitizen ? 'citizen' : 'office';
  return { who, accountId, name: isCitizen ? lastNameOf(accountId, opened) : reader.nameOf(accountId) };
}

function describeWarning({ acceptedAt: until, warning }: Extract<OpenedEntry, { kind: 'warning' }>, parts: Described): WarningText {
  if (warning.kind === 'missing') {
    const { kind, senderId, count, since } = warning;
    return { kind, author: somebody(senderId, parts), count, since, until };
  }
  return 'senderId' in warning ? { kind: warning.kind, author: somebody(warning.senderId, parts) } : warning;
}

function lastNameOf(senderId: AccountId, opened: readonly OpenedEntry[]): string | null {
  for (const entry of opened.toReversed()) {
    if (entry.kind !== 'message' || entry.senderId !== senderId || entry.body.content.type !== 'text') continue;
    if (entry.body.content.author !== null) return entry.body.content.author;
  }
  return null;
}
