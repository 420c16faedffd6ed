import { lp } from './hash.ts';
import { ensure, verifySignature, withDomain } from './sodium.ts';

const domain = 'gim1/receipt';

/** What the server says it has stored: the run hash at a position stands for every entry up to there, in their order. */
export interface ReceiptClaim {
  readonly conversationId: Uint8Array;
  readonly position: number;
  readonly run: Uint8Array;
}

/** Frozen: exactly these bytes are signed with Ed25519, "gim1/receipt" ‖ lp(conversation_id, position, run). */
export function receiptBytes(claim: ReceiptClaim): Uint8Array {
  return withDomain(domain, statement(claim));
}

/** Throws `bad_signature` unless the server with this pinned key signed exactly this claim. */
export function verifyReceipt(claim: ReceiptClaim, signature: Uint8Array, receiptPk: Uint8Array): void {
  ensure(verifySignature(domain, statement(claim), signature, receiptPk), 'bad_signature', 'the receipt is not signed by the server');
}

function statement({ conversationId, position, run }: ReceiptClaim): Uint8Array {
  return lp(conversationId, position, run);
}
