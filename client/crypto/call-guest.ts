import sodium from 'libsodium-wrappers';
import { type CallInviteId, type GuestRole } from '../../server/protocol/calls.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import {
  bytes,
  bytesUpTo,
  fromBytes,
  hash32,
  named,
  text,
  toBytes,
  tuple,
  uint,
  type ValueOf,
  versioned,
} from '../../server/protocol/format.ts';
import { hash } from '../../server/protocol/hash.ts';
import { type AccountId, type CallId, idOf } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import { CryptoError, ensure, equalBytes, verifySignature } from '../../server/protocol/sodium.ts';
import { atRestKeyOf } from './at-rest.ts';
import { accountIdFormat, callIdFormat, inviteIdFormat } from './call-signals.ts';
import { deriveKey, randomBytes, seedBytes, sign, wipe } from './primitives.ts';

/*
 * A guest of a call: whoever has the link. Frozen:
 *   link     = invite_id "." secret32 "." H("gim1/inviter", inviter's sign_pk), base64url, behind the '#': no server sees it
 *   keys     = kdf(secret, "gim1-gst"): id 1 Ed25519 seed, id 2 token, id 3 AES-256-GCM of what his tab keeps;  account id = H("gim1/guest", sign_pk)
 *   Grant    = [body, signature]; signature: the inviter's device over "gim1/call-grant" ‖ body
 *   body     = [v 1, suite 1, call_id, invite_id, guest sign_pk, role, name, expires_at, inviter's account_id, inviter's sign_pk]
 */
export interface GuestKeys {
  /** 32 bytes that use the link up; the server keeps their hash. */
  readonly token: Uint8Array;
  readonly accountId: AccountId;
  readonly signPk: Uint8Array;
  readonly signSk: Uint8Array;
}

export function createGuestSecret(): Uint8Array {
  return randomBytes(seedBytes);
}

export function guestKeys(secret: Uint8Array): GuestKeys {
  const seed = deriveKey(secret, 1, 'gim1-gst');
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed);
  wipe(seed);
  return { token: deriveKey(secret, 2, 'gim1-gst'), accountId: accountOf(publicKey), signPk: publicKey, signSk: privateKey };
}

/** Seals what his tab keeps of the call. */
export async function guestStorageKey(secret: Uint8Array): Promise<CryptoKey> {
  return await atRestKeyOf(deriveKey(secret, 3, 'gim1-gst'));
}

function accountOf(guestPk: Uint8Array): AccountId {
  return idOf(hash('gim1/guest', guestPk));
}

export interface GuestLink {
  readonly inviteId: CallInviteId;
  readonly secret: Uint8Array;
  /** Whose word the guest takes for who is in the call. */
  readonly inviterKeyHash: Uint8Array;
}

export function inviterKeyHash(signPk: Uint8Array): Uint8Array {
  return hash('gim1/inviter', signPk);
}

/** What stands behind the '#'. */
export function writeGuestLink({ inviteId, secret, inviterKeyHash: pinned }: GuestLink): string {
  return [inviteId, toBase64Url(secret), toBase64Url(pinned)].join('.');
}

/** With or without the '#'. Throws `malformed`. */
export function readGuestLink(fragment: string): GuestLink {
  try {
    const [inviteId, secret, pinned, ...more] = fragment.replace(/^#/, '').split('.').map(fromBase64Url);
    if (inviteId?.length === 16 && secret?.length === seedBytes && pinned?.length === 32 && more.length === 0)
      return { inviteId: idOf(inviteId), secret, inviterKeyHash: pinned };
  } catch (cause) {
    throw new CryptoError('malformed', 'not the link of a guest', { cause });
  }
  throw new CryptoError('malformed', 'not the link of a guest');
}

const grantBody = versioned({
  callId: callIdFormat,
  inviteId: inviteIdFormat,
  guestPk: hash32,
  role: named<GuestRole>({ relative: 1, interpreter: 2, captioner: 3 }),
  displayName: text(limits.guestNameCharacters),
  /** When the link ends, milliseconds since 1970; the server holds to it. Who is in by then may stay. */
  expiresAt: uint(),
  inviterId: accountIdFormat,
  inviterPk: hash32,
});
const grantFormat = tuple({ body: bytesUpTo(limits.callGrantBytes), signature: bytes(64) });
export type Grant = ValueOf<typeof grantBody>;

/** The inviter's word for a guest, signed with his device. */
export function createGrant(grant: Grant, signSk: Uint8Array): Uint8Array {
  const body = toBytes(grantBody, grant);
  return toBytes(grantFormat, { body, signature: sign('gim1/call-grant', body, signSk) });
}

/**
 * Throws `bad_signature`, or `bad_id` for another call, another guest or, where a link has pinned him, another inviter. Whoever has no link must
 * still see whether `inviterPk` is a device of somebody who may invite to this call.
 */
export function openGrant(
  encoded: Uint8Array,
  expected: { readonly callId: CallId; readonly accountId: AccountId; readonly inviterKeyHash?: Uint8Array },
): Grant {
  const { body, signature } = fromBytes(grantFormat, encoded, limits.callGrantBytes);
  const grant = fromBytes(grantBody, body, limits.callGrantBytes);
  const pinned = expected.inviterKeyHash;
  ensure(!pinned || equalBytes(inviterKeyHash(grant.inviterPk), pinned), 'bad_id', 'another inviter than the link`s');
  ensure(verifySignature('gim1/call-grant', body, signature, grant.inviterPk), 'bad_signature', 'nobody has invited this guest');
  ensure(grant.callId === expected.callId, 'bad_id', 'a guest of another call');
  ensure(accountOf(grant.guestPk) === expected.accountId, 'bad_id', 'another guest');
  return grant;
}
