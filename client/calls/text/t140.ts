import { graphemes } from '../../i18n/graphemes.ts';

/** ITU-T T.140 as RFC 8865 §3.1 carries it: UTF-8 text in which this erases the character before it, … */
const erase = '\u0008';
/** … and this begins a new line. */
export const newLine = '\u2028';

/** Other line ends, the byte order mark that only keeps a channel awake, and controls that have no meaning here. */
const unwanted = /(?!\t)[\p{Cc}\ufeff]/gu;
const lineEnds = /\r\n?|\n|\u2029|\u0085/gu;

/** The text after what was received: inserts and erases whole characters, as a person counts them. */
export function applyT140(text: string, received: string): string {
  let result = text;
  for (const [index, part] of received.split(erase).entries()) {
    if (index > 0) result = withoutLast(result);
    result += part.replaceAll(lineEnds, newLine).replaceAll(unwanted, '');
  }
  return result;
}

/** What to send so that `before` becomes `after`. Neither has more than one line. */
export function editsBetween(before: string, after: string): string {
  const old = graphemes(before);
  const now = graphemes(after);
  let same = 0;
  while (same < old.length && old[same] === now[same]) same += 1;
  return erase.repeat(old.length - same) + now.slice(same).join('');
}

/** One line of what a person typed or pasted. */
export function cleanLine(typed: string): string {
  return typed.toWellFormed().replaceAll(erase, '').replaceAll(newLine, ' ').replaceAll(lineEnds, ' ').replaceAll(unwanted, '');
}

function withoutLast(text: string): string {
  // A character has no end before the last few code units; cutting there saves reading the whole text at each erase.
  const from = Math.max(0, text.length - longestUnits);
  return text.slice(0, from) + graphemes(text.slice(from)).slice(0, -1).join('');
}

const longestUnits = 128;
