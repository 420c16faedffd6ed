import {
  type CborValue,
  decode,
  encode,
  readBytes,
  readHash,
  readName,
  readNullable,
  readText,
  readTuple,
  readUint,
  readValue,
} from './codec.ts';
import { limits } from './limits.ts';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './link.ts';

/*
 * Frozen: body = [type, sent_at, payload, gossip [log_size, root] | null, seen [position, run] | null]
 * type: 1 text, 2 file, 3 edit, 4 redact, 5 receipt, 6 call, 7 system
 * payload: text [text, lang | null, author's name | null] · edit [msg_id, text] · redact [msg_id] · receipt [position] · file, call, system: an item their features define
 */
const bodyTypes = { text: 1, file: 2, edit: 3, redact: 4, receipt: 5, call: 6, system: 7 } as const;

/** How far the sender had read, and the run hash there. */
export interface Seen {
  readonly position: number;
  readonly run: Uint8Array;
}

export type MessageContent =
  | {
      readonly type: 'text';
      readonly text: string;
      /** Language tag of the text, for the page that shows it. */
      readonly lang: string | null;
      /** How a citizen calls himself: the server never learns it. Null for officials, whom the directory names. */
      readonly author: string | null;
    }
  | { readonly type: 'edit'; readonly messageId: Uint8Array; readonly text: string }
  | { readonly type: 'redact'; readonly messageId: Uint8Array }
  | { readonly type: 'receipt'; readonly position: number }
  | { readonly type: 'file' | 'call' | 'system'; readonly payload: CborValue };

export interface MessageBody {
  /** Milliseconds since 1970, by the sender's clock. */
  readonly sentAt: number;
  readonly content: MessageContent;
  readonly gossip: Checkpoint | null;
  readonly seen: Seen | null;
}

export function encodeMessageBody(body: MessageBody): Uint8Array {
  const seen = body.seen === null ? null : [body.seen.position, body.seen.run];
  return encode([bodyTypes[body.content.type], body.sentAt, writePayload(body.content), writeCheckpoint(body.gossip), seen]);
}

export function decodeMessageBody(bytes: Uint8Array): MessageBody {
  const [type, sentAt, payload, gossip, seen] = readTuple(decode(bytes, limits.envelopeBytes), 5);
  return {
    sentAt: readUint(sentAt),
    content: readContent(readName(type, bodyTypes), payload),
    gossip: readNullable(gossip, readCheckpoint),
    seen: readNullable(seen, readSeen),
  };
}

function writePayload(content: MessageContent): CborValue {
  if (content.type === 'text') return [content.text, content.lang, content.author];
  if (content.type === 'edit') return [content.messageId, content.text];
  if (content.type === 'redact') return [content.messageId];
  if (content.type === 'receipt') return [content.position];
  return content.payload;
}

function readContent(type: keyof typeof bodyTypes, payload: unknown): MessageContent {
  if (type === 'text') {
    const [text, lang, author] = readTuple(payload, 3);
    return {
      type,
      text: readText(text, limits.textCharacters),
      lang: readNullable(lang, (item) => readText(item, 35)),
      author: readNullable(author, (item) => readText(item, limits.displayNameCharacters)),
    };
  }
  if (type === 'edit') {
    const [messageId, text] = readTuple(payload, 2);
    return { type, messageId: readBytes(messageId, 16), text: readText(text, limits.textCharacters) };
  }
  if (type === 'redact') return { type, messageId: readBytes(readTuple(payload, 1)[0], 16) };
  if (type === 'receipt') return { type, position: readUint(readTuple(payload, 1)[0]) };
  return { type, payload: readValue(payload) };
}

function readSeen(item: unknown): Seen {
  const [position, run] = readTuple(item, 2);
  return { position: readUint(position), run: readHash(run) };
}
