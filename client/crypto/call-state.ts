import type { CallMember, PeerId } from '../../server/protocol/calls.ts';
import type { AccountId, CallId, ConversationId } from '../../server/protocol/ids.ts';
import type { CallCheck } from './call-check.ts';
import type { MediaKey } from './media-key.ts';

export interface CallAgreementOptions {
  readonly callId: CallId;
  /** This page, and the key it signs with: its device's, or its link's. */
  readonly self: {
    readonly peerId: PeerId;
    readonly accountId: AccountId;
    readonly signPk: Uint8Array;
    readonly signSk: Uint8Array;
  };
  /**
   * The key a member must sign with; null when he belongs to nobody of this call. Asked for each member of each round; asked again when it
   * rejects. Of a guest: the inviter's, and null for everybody else.
   */
  readonly verify: (member: CallMember) => Promise<{ readonly signPk: Uint8Array } | null>;
  /** Guests take the others from the word of those whom `verify` knows. */
  readonly isGuest: boolean;
  readonly conversationId: ConversationId;
  /** Hashes of the conversation's epoch links: the newest first, and those that others may still hold for the newest. Empty for guests. */
  readonly epochs: () => readonly Uint8Array[];
  /** A signal for one page, or for all others. It may be lost. */
  readonly send: (to: PeerId | null, signal: Uint8Array) => void;
  readonly onKey: (change: KeyChange) => void;
  readonly onChange: (state: CallAgreementState) => void;
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
}

export type KeyChange =
  /** What this page sends is sealed with this from now on. */
  | { readonly type: 'send'; readonly key: MediaKey }
  /** A further generation of somebody else's. */
  | { readonly type: 'receive'; readonly peerId: PeerId; readonly key: MediaKey }
  /** This generation of his and all before are over; null: he is gone. */
  | { readonly type: 'drop'; readonly peerId: PeerId; readonly generation: number | null }
  | { readonly type: 'stop' };

export interface CallAgreementState {
  /** While they are agreeing, those in `agreed` go on under the keys of the round before. */
  readonly phase: 'agreeing' | 'agreed' | 'closed';
  readonly round: number;
  /** Who gets keys, and so a tile; never oneself. */
  readonly agreed: readonly AgreedMember[];
  /** Whose part of this round is missing. */
  readonly waitingFor: readonly PeerId[];
  /** What people compare; null while they are agreeing, and for somebody alone. */
  readonly check: CallCheck | null;
  /** The others went on without this page: it must join again, as another one. */
  readonly isExcluded: boolean;
  /** Of this round; somebody who was unknown in an earlier one stays so until he proves himself. */
  readonly alarms: readonly CallAlarm[];
}

export interface AgreedMember {
  readonly peerId: PeerId;
  readonly accountId: AccountId;
  readonly signPk: Uint8Array;
  /** His key is here: what he sends can be opened. */
  readonly isKeyed: boolean;
}

/**
 * unknown-member: the server names somebody who belongs to nobody of this call · roster: others have other people or commitments ·
 * forged: signed by another, or for another call · changed-word: reveals what he did not commit to · shared-key: sends under another's key
 */
export type CallAlarmKind = 'unknown-member' | 'roster' | 'forged' | 'changed-word' | 'shared-key';

export interface CallAlarm {
  readonly kind: CallAlarmKind;
  readonly peerId: PeerId;
}
