import type { CallParticipant } from '../../../server/protocol/calls.ts';
import type { CallSession } from '../call-session.ts';

/** A line of live text with its author, to be kept. */
export interface KeptLine {
  readonly author: string;
  readonly text: string;
}

/** The live text of a call, if citizen and official both want to keep it and there is any; else null. Guests' words are part of it. */
export function keptTranscript(
  { connection: { people, own, text }, known }: Pick<CallSession, 'connection' | 'known'>,
  nameOf: (person: CallParticipant) => string,
): readonly KeptLine[] | null {
  const citizen = people.value.find(({ role }) => role === 'citizen');
  if (!own.value.agreesToKeepText || citizen?.agreesToKeepText !== true) return null;
  const lines = text.lines.value.flatMap((line) => {
    const author = known.get(line.accountId);
    return author === undefined || line.text.trim() === '' ? [] : [{ author: nameOf(author), text: line.text.trim() }];
  });
  return lines.length === 0 ? null : lines;
}
