import type { CallRole } from '../../../server/protocol/calls.ts';
import type { AccountId } from '../../../server/protocol/ids.ts';

/** A line of live text, as a screen draws it. */
export interface LaneLine {
  readonly id: string;
  readonly accountId: AccountId;
  /** As this side reads it; oneself is "You". */
  readonly author: string;
  readonly role: CallRole;
  readonly isOwn: boolean;
  readonly text: string;
  /** Still being written. */
  readonly isOpen: boolean;
}
