import type { Base64Url } from './base64url.ts';
import type { DeviceLinkId } from './ids.ts';

/**
 * A new device and one that is in the account already exchange a few messages through the server, which does not understand them and is
 * not trusted with them: what they say is held together by the QR code or the compared digits (crypto.md §6, client/crypto/device-link.ts).
 * The new device may or may not be signed in; the other one is, with keys.
 */
export interface DeviceLinkMessages {
  /** Of the other side, oldest first. */
  readonly messages: readonly Base64Url[];
  /** The other side gave up, or the link's time is over. */
  readonly isOver: boolean;
}

/** The new device's side: it may have no session, and polls. The link is bound to the browser that began it. */
export interface DeviceLinkRoutes {
  /** `number`: eight digits to type on the other device where no camera reads the code. */
  'POST /api/device-links': (request: { deviceLinkId: DeviceLinkId }) => { number: string; expiresAt: number };
  /** `index` counts this side's messages from 0: the same one twice is one. */
  'POST /api/device-links/send': (request: { deviceLinkId: DeviceLinkId; index: number; message: Base64Url }) => Record<string, never>;
  'POST /api/device-links/receive': (request: { deviceLinkId: DeviceLinkId; after: number }) => DeviceLinkMessages;
  'POST /api/device-links/end': (request: { deviceLinkId: DeviceLinkId }) => Record<string, never>;
}

/** The side of the device that lets the other one in. Its first command claims the link: a second account finds none. */
export interface DeviceLinkCommands {
  'device-link:find': (request: { number: string }) => { deviceLinkId: DeviceLinkId };
  'device-link:send': (request: { deviceLinkId: DeviceLinkId; index: number; message: Base64Url }) => Record<string, never>;
  'device-link:receive': (request: { deviceLinkId: DeviceLinkId; after: number }) => DeviceLinkMessages;
  'device-link:end': (request: { deviceLinkId: DeviceLinkId }) => Record<string, never>;
}
