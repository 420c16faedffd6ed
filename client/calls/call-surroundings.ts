import type { TemplateResult } from 'lit';
import type { CallView } from '../../server/protocol/calls.ts';
import type { Observable } from '../net/observable.ts';
import type { Comparisons } from '../storage/comparisons.ts';
import type { Drafts } from '../storage/texts.ts';
import type { NamePerson } from './people/tile-people.ts';
import type { KeptLine } from './text/transcript.ts';

/** What the feature around a call gives it: names, the conversation, and what comes after. */
export interface CallSurroundings {
  readonly nameOf: NamePerson;
  /** As a link calls this person; empty: unknown. */
  readonly ownName: string;
  /** What is remembered of comparing the number with people. */
  readonly comparisons: Comparisons;
  readonly drafts: Drafts;
  /** Draws the call's conversation. */
  readonly messages: (call: CallView) => TemplateResult;
  readonly conversationPath: (call: CallView) => string;
  /** When it changes, so may what follows; null: never. */
  readonly source: Observable<unknown> | null;
  /** Where somebody waits who is still, or again, in the line after it; null: not at all. */
  readonly waitingPath: (call: CallView) => string | null;
  readonly bookingPath: (call: CallView) => string | null;
  /** Above the pictures. */
  readonly bar: ((call: CallView, onInvite: () => void) => TemplateResult) | null;
  /** The page after a call in which people have spoken; null: words are enough. */
  readonly after: ((call: CallView) => TemplateResult) | null;
  /** Both sides wanted to keep the live text. */
  readonly keepText: ((call: CallView, lines: readonly KeptLine[]) => void) | null;
}
