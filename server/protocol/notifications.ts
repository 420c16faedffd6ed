import type { AppointmentView } from './appointments.ts';
import type { CallNotifications } from './calls.ts';
import type { ConversationView, Entry } from './conversations.ts';
import type { AccountId, ConversationId, InboxId } from './ids.ts';
import type { QueueEntryView } from './queue.ts';
import type { LoadFigures } from './supervision.ts';

/** Facts the server tells; never acknowledged. Each may be lost: whoever sees a gap pulls. */
export interface Notifications extends CallNotifications {
  /** A reader's conversation has new entries, in order; `head` shows whether some are missing before them. */
  'conversation:advanced': (fact: { conversationId: ConversationId; head: number; entries: readonly Entry[] }) => void;
  /** A conversation of the reader is new or its list data changed. */
  'conversation:changed': (fact: { conversation: ConversationView }) => void;
  'conversation:read': (fact: { conversationId: ConversationId; otherReadPosition: number }) => void;
  /** To the account's own devices: its chain has a new link (a device came or went), its passkeys or sessions changed. */
  'account:changed': (fact: { accountId: AccountId; head: number }) => void;
  /** To the account's own devices: somebody asks to reset it, or no longer does. */
  'reset:changed': (fact: { accountId: AccountId }) => void;
  /** To members of the registrars' inbox: the list of reset requests changed. */
  'reset:requested': (fact: Record<string, never>) => void;
  'inbox:changed': (fact: { inboxId: InboxId; head: number }) => void;
  /** To the inbox: somebody enrolled and waits for a signature of its owners or admins. */
  'inbox:enrolled': (fact: { inboxId: InboxId }) => void;
  /** To the inbox: a proposal for a second signature came or went. */
  'inbox:proposed': (fact: { inboxId: InboxId }) => void;
  /** To the inbox: what opens cases of before this retention cut is gone from the server, and is to go everywhere. */
  'inbox:forgotten': (fact: { inboxId: InboxId; generation: number }) => void;
  /** To the citizen whose entry moved, is called, was parked, answered or ended. */
  'queue:moved': (fact: { entry: QueueEntryView }) => void;
  /** To officials of the office: the line changed, or whether one may see it; ask again with `queue:list`. */
  'queue:changed': (fact: Record<string, never>) => void;
  'appointment:changed': (fact: { appointment: AppointmentView }) => void;
  /** To supervisors who watch. */
  'load:changed': (fact: LoadFigures) => void;
  /** Too many windows of one session are open: this connection, the oldest, ends and must not come back by itself. */
  'connection:replaced': (fact: Record<string, never>) => void;
  /** The session is over; the socket is closed right after. */
  'session:ended': (fact: { reason: 'signed-out' | 'expired' | 'revoked' }) => void;
}
