import type { CborValue } from '../../server/protocol/codec.ts';
import { ensure } from '../../server/protocol/sodium.ts';
import { limits } from '../../server/protocol/limits.ts';

/**
 * What is kept of a call in the conversation, a message of type 'call'.
 * Frozen: ['summary', text] what was agreed · ['transcript', [[author, text], …]] the live text both sides wanted to keep
 */
export type CallRecord =
  | { readonly kind: 'summary'; readonly text: string }
  | { readonly kind: 'transcript'; readonly lines: readonly TranscriptLine[] };

export interface TranscriptLine {
  /** As the screen of the one who kept it called him. */
  readonly author: string;
  readonly text: string;
}

/** All letters of a transcript, so that it fits into one message with room for three bytes a letter. */
const maxTranscriptCharacters = 2 * limits.textCharacters;
const maxLines = 200;

export function encodeCallRecord(record: CallRecord): CborValue {
  if (record.kind === 'summary') return ['summary', record.text];
  return ['transcript', fitting(record.lines).map(({ author, text }) => [author, text])];
}

/** Throws `malformed`. */
export function decodeCallRecord(payload: CborValue): CallRecord {
  ensure(Array.isArray(payload) && payload.length === 2, 'malformed', 'a record of a call');
  const [kind, content] = payload;
  if (kind === 'summary') {
    ensure(typeof content === 'string' && content.length <= limits.textCharacters, 'malformed', 'a text');
    return { kind, text: content };
  }
  ensure(kind === 'transcript' && Array.isArray(content) && content.length <= maxLines, 'malformed', 'lines of text');
  return { kind, lines: content.map(readLine) };
}

function readLine(line: CborValue): TranscriptLine {
  ensure(Array.isArray(line) && line.length === 2, 'malformed', 'a line of text');
  const [author, text] = line;
  ensure(typeof author === 'string' && author.length <= limits.displayNameCharacters, 'malformed', 'an author');
  ensure(typeof text === 'string', 'malformed', 'a text');
  return { author, text };
}

/** The newest lines that fit. */
function fitting(lines: readonly TranscriptLine[]): readonly TranscriptLine[] {
  let characters = 0;
  const kept = lines.toReversed().filter(({ text }, index) => {
    characters += text.length;
    return index < maxLines && characters <= maxTranscriptCharacters;
  });
  return kept.toReversed().map(({ author, text }) => ({ author: author.slice(0, limits.displayNameCharacters), text }));
}
