import type { Base64Url } from '../../../server/protocol/base64url.ts';
import type { CallMember, CallView } from '../../../server/protocol/calls.ts';
import type { AccountId } from '../../../server/protocol/ids.ts';

/** Who this page is in a call, and how it knows the others: by what they prove, never by the server's word. */
export interface CallIdentities {
  readonly accountId: AccountId;
  /** Of the device, or of a guest's link. */
  readonly signPk: Uint8Array;
  readonly signSk: Uint8Array;
  /** Guests have no chains: they take the others from whom their link names. */
  readonly isGuest: boolean;
  /** Resolves when what the call hangs on has been read, and begins to read what its people are known by. May be asked for ahead. */
  ready(call: CallView): Promise<void>;
  /** The newest epochs of the call's conversation, the newest first; none for guests. */
  epochs(call: CallView): readonly Uint8Array[];
  /** Chains may have changed: who is verified from now on is verified by newer ones. */
  refresh(): void;
  /**
   * What stays while somebody's devices come and go: the link with which his chain began, or began anew. Null for guests, and while his
   * chain is not here.
   */
  identityOf(person: AccountId): Base64Url | null;
  /**
   * The key this member must sign with; null when he belongs to nobody of this call. `self`: this page as a member. Rejects when that
   * cannot be found out now.
   */
  verify(call: CallView, member: CallMember, self: CallMember): Promise<{ readonly signPk: Uint8Array } | null>;
}
