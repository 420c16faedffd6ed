import type { Base64Url } from './base64url.ts';
import type { Locale } from './locale.ts';

/** All that a notice says: nothing of what it is about. `turn`: the citizen is called; `message`: there is something new to read. */
export interface PushNotice {
  readonly kind: 'turn' | 'message';
  /** What the person chose for this browser: the page that would know is closed. */
  readonly locale: Locale;
}

export interface PushCommands {
  /** The installation's key for push services (RFC 8292), an uncompressed P-256 point. */
  'push:read-key': (request: Record<string, never>) => { publicKey: Base64Url };
  /**
   * This browser is to be told when no page of ours is open. Ends with the session that asks. The same address twice is one
   * subscription. `bad_request` for an address that no push service on the internet can have, `bad_state` with too many browsers.
   */
  'push:subscribe': (request: {
    endpoint: string;
    /** The browser's key, an uncompressed P-256 point, and its 16 bytes (RFC 8291 §3). */
    publicKey: Base64Url;
    secret: Base64Url;
    locale: Locale;
  }) => Record<string, never>;
  /** Twice is answered alike. */
  'push:unsubscribe': (request: { endpoint: string }) => Record<string, never>;
}
