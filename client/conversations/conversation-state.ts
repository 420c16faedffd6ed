import type { ConversationView } from '../../server/protocol/conversations.ts';
import type { AccountId, MessageId } from '../../server/protocol/ids.ts';
import { locales } from '../../server/protocol/locale.ts';
import { decodeMessageBody, type MessageBody } from '../../server/protocol/message-body.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { decodeFilePayload, type FileDescription } from '../crypto/file-payload.ts';
import type { OutboxItem } from '../storage/outbox-store.ts';
import type { Author, ConversationProblem, Delivery, Item, MessageItem } from './items.ts';
import type { OpenedEntry, OpenedMessage } from './opened-entry.ts';
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
}

/** A message the server has acknowledged and whose entry has not come back yet. */
export interface Acknowledged {
  readonly messageId: MessageId;
  readonly position: number;
  readonly acceptedAt: number;
  readonly body: MessageBody;
}

export interface Parts {
  readonly reader: Pick<Reader, 'accountId' | 'side' | 'nameOf'>;
  readonly view: ConversationView | null;
  readonly caughtUp: boolean;
  readonly opened: readonly OpenedEntry[];
  readonly acknowledged: readonly Acknowledged[];
  readonly unsent: readonly OutboxItem[];
  readonly problems: readonly ConversationProblem[];
}

/** Puts together what came from the server, what was acknowledged, and what waits in the outbox: each message once. */
export function describeConversation(parts: Parts): ConversationState {
  const { view, caughtUp, opened, acknowledged, unsent, problems } = parts;
  const entries = opened.flatMap((entry) => describeEntry(entry, parts) ?? []);
  const there = new Set(opened.flatMap((entry) => (entry.kind === 'message' ? [entry.messageId] : [])));
  const under = acknowledged.filter(({ messageId }) => !there.has(messageId));
  for (const { messageId } of under) there.add(messageId);
  return {
    view,
    caughtUp,
    problems,
    items: [
      ...entries,
      ...under.map((message) => describeMessage({ ...message, kind: 'message', senderId: parts.reader.accountId }, parts)),
      ...unsent.filter(({ messageId }) => !there.has(messageId)).map((item) => describeUnsent(item, parts)),
    ],
    unread: opened.filter((entry) => entry.kind === 'message' && entry.position > (view?.readPosition ?? 0) && isOtherSide(entry, parts))
      .length,
  };
}

function isOtherSide({ senderId }: OpenedMessage, { reader, view }: Parts): boolean {
  return reader.side === 'citizen' ? senderId !== reader.accountId : senderId === view?.citizenId;
}

function describeEntry(entry: OpenedEntry, parts: Parts): Item | null {
  const { position, acceptedAt: at } = entry;
  if (entry.kind === 'message') {
    const { content } = entry.body;
    if (content.type === 'file' && fileOf(content) === null) return { kind: 'problem', position, at, problem: 'invalid' };
    const isShown = content.type === 'text' || content.type === 'file';
    return isShown ? describeMessage(entry, parts) : { kind: 'problem', position, at, problem: 'unknown-version' };
  }
  if (entry.kind === 'event') return { kind: 'event', position, at, event: entry.event };
  if (entry.kind === 'problem') return { kind: 'problem', position, at, problem: entry.problem };
  return entry.epoch === 1 ? null : { kind: 'readers', position, at, epoch: entry.epoch };
}

function describeMessage(message: OpenedMessage, parts: Parts): MessageItem {
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

function describeUnsent({ messageId, createdAt, payload, error }: OutboxItem, parts: Parts): MessageItem {
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

function wordsOf({ content }: MessageBody): Pick<MessageItem, 'text' | 'lang' | 'file'> {
  if (content.type !== 'text') return { text: '', lang: null, file: fileOf(content) };
  return { text: content.text, lang: locales.find((locale) => locale === content.lang) ?? null, file: null };
}

/** What the message says of its file; null when it is none, or one that breaks the rules. */
function fileOf(content: MessageBody['content']): FileDescription | null {
  if (content.type !== 'file') return null;
  try {
    return decodeFilePayload(content.payload);
  } catch (error) {
    if (error instanceof CryptoError) return null;
    throw error;
  }
}

function authorOf({ senderId, body }: Pick<OpenedMessage, 'senderId' | 'body'>, { reader, view, opened }: Parts): Author {
  const isCitizen = senderId === view?.citizenId;
  const who = senderId === reader.accountId ? 'me' : isCitizen ? 'citizen' : 'office';
  // A citizen's name is what he wrote; an official cannot give himself another one than the directory's.
  // A file does not carry it: its sender is called what he last called himself.
  const written = body.content.type === 'text' ? body.content.author : lastNameOf(senderId, opened);
  return { who, accountId: senderId, name: isCitizen ? written : reader.nameOf(senderId) };
}

function lastNameOf(senderId: AccountId, opened: readonly OpenedEntry[]): string | null {
  for (const entry of opened.toReversed()) {
    if (entry.kind !== 'message' || entry.senderId !== senderId || entry.body.content.type !== 'text') continue;
    if (entry.body.content.author !== null) return entry.body.content.author;
  }
  return null;
}
