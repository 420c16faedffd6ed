import type { Base64Url } from './base64url.ts';
import type { AccountId, ResetId } from './ids.ts';
import type { SignedLink } from './offices.ts';

/** What a person without keys asks for: the account goes on with this device and this new key. Bytes: reset-statement.ts. */
export interface ResetRequest {
  readonly resetId: ResetId;
  /** The reference number the person gave; null for somebody who is signed in without keys. */
  readonly about: string | null;
  /** To the person: null until a registrar has looked at the request, so that a guessed reference tells nothing. To registrars: null when nobody has such a reference. */
  readonly accountId: AccountId | null;
  /** What the registrars sign and the reset link will say (client/crypto/reset.ts); null until the person's page has made it. */
  readonly draft: Base64Url | null;
  readonly requestedAt: number;
  readonly attestations: readonly ResetAttestation[];
  /** When it may take effect; null until the second registrar has signed. */
  readonly notBefore: number | null;
  readonly state: 'requested' | 'attested' | 'done' | 'cancelled';
}

export interface ResetAttestation {
  readonly registrarId: AccountId;
  readonly attestation: Base64Url;
  readonly attestedAt: number;
}

/**
 * The side of the person, who may hold a passkey of the account and be signed in without keys, or nothing at all. Bound to the browser
 * that began it.
 */
export interface ResetRoutes {
  /**
   * `about`: a reference number of one of the person's conversations ("2026-0042-K") where no session says whose account it is. The answer
   * is the same for a reference nobody has. `number`: eight digits that the registrar types or hears.
   */
  'POST /api/resets': (request: { resetId: ResetId; about: string | null }) => { number: string; expiresAt: number };
  /** Made by the page once a registrar has looked and the account's chain is known; replaces an earlier one as long as nobody has attested. */
  'POST /api/resets/draft': (request: { resetId: ResetId; draft: Base64Url }) => Record<string, never>;
  'POST /api/resets/status': (request: { resetId: ResetId }) => {
    reset: ResetRequest;
    /** Chain of the account, once a registrar has looked; empty before. */
    links: readonly Base64Url[];
  };
  /** The finished reset link, at or after `notBefore`. The account's other sessions end. Then a first passkey like after a device link. */
  'POST /api/resets/finish': (request: { resetId: ResetId; link: SignedLink }) => Record<string, never>;
  'POST /api/resets/cancel': (request: { resetId: ResetId }) => Record<string, never>;
}

/** Registrars: members of the registrars' inbox. The account's own devices may look and refuse. */
export interface ResetCommands {
  'reset:find': (request: { number: string }) => { reset: ResetRequest };
  /** Chains of registrars and person are loaded with `account:load` and `inbox:load` like any other. */
  /** Open requests, newest first. Registrars. */
  'reset:list': (request: Record<string, never>) => { resets: readonly ResetRequest[] };
  /** One signature of each registrar; the second one starts the delay. The same twice is one. */
  'reset:attest': (request: { resetId: ResetId; attestation: Base64Url }) => { reset: ResetRequest };
  /** Of the caller's own account, if somebody asks to reset it. */
  'reset:own': (request: Record<string, never>) => { resets: readonly ResetRequest[] };
  /** By a registrar, or by a device of the account: whoever still has keys has not lost all of them. */
  'reset:refuse': (request: { resetId: ResetId }) => Record<string, never>;
}
