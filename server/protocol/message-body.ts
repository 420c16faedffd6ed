import {
  alone,
  anything,
  bytes,
  fromBytes,
  hash32,
  named,
  nullable,
  text,
  toBytes,
  tuple,
  uint,
  type ValueOf,
  variants,
} from './format.ts';
import { limits } from './limits.ts';
import { checkpointFormat } from './link.ts';

/*
 * Frozen: body = [type, sent_at, payload, gossip [log_size, root] | null, seen [position, run] | null]
 * type: 1 text, 2 file, 3 edit, 4 redact, 5 receipt, 6 call, 7 system
 * payload: text [text, lang | null, author's name | null] · edit [msg_id, text] · redact [msg_id] · receipt [position] · file, call, system: an item their features define
 */
const bodyTypes = named({ text: 1, file: 2, edit: 3, redact: 4, receipt: 5, call: 6, system: 7 });

const words = text(limits.textCharacters);
const messageId = bytes(16);
const payload = alone('payload', anything);
const contents = variants({
  text: tuple({
    text: words,
    /** Language tag of the text, for the page that shows it. */
    lang: nullable(text(35)),
    /** How a citizen calls himself: the server never learns it. Null for officials, whom the directory names. */
    author: nullable(text(limits.displayNameCharacters)),
  }),
  edit: tuple({ messageId, text: words }),
  redact: tuple({ messageId }),
  receipt: tuple({ position: uint() }),
  file: payload,
  call: payload,
  system: payload,
});
export type MessageContent = Parameters<typeof contents.write>[0];

const bodyFormat = tuple({
  type: bodyTypes,
  /** Milliseconds since 1970, by the sender's clock. */
  sentAt: uint(),
  payload: anything,
  gossip: nullable(checkpointFormat),
  /** How far the sender had read, and the run hash there. */
  seen: nullable(tuple({ position: uint(), run: hash32 })),
});
export type MessageBody = Omit<ValueOf<typeof bodyFormat>, 'type' | 'payload'> & { readonly content: MessageContent };
export type Seen = NonNullable<MessageBody['seen']>;

export function encodeMessageBody({ content, ...body }: MessageBody): Uint8Array {
  return toBytes(bodyFormat, { ...body, type: content.type, payload: contents.write(content) });
}

export function decodeMessageBody(encoded: Uint8Array): MessageBody {
  const { type, payload: item, ...body } = fromBytes(bodyFormat, encoded, limits.envelopeBytes);
  return { ...body, content: contents.read(type, item) };
}
