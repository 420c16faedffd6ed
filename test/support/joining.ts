import { setTimeout } from 'node:timers/promises';
import { createDevice, type DeviceKeys } from '../../client/crypto/device.ts';
import { beginJoining, confirmAsJoining, type Joining, receiveAsJoining } from '../../client/crypto/joining-device.ts';
import { createCookieFetch } from '../../client/net/cookie-fetch.ts';
import { createHttp, type Http } from '../../client/net/http.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { type DeviceLinkId, newId } from '../../server/protocol/ids.ts';

/** A new device that nobody knows yet, at a browser of its own: its side of a device link, by hand. */
export class NewDevice {
  readonly device: DeviceKeys = createDevice('browser');
  readonly deviceLinkId: DeviceLinkId = newId();
  readonly #http: Http;
  #joining: Joining | null = null;
  #received = 0;
  #sent = 0;
  #code = '';

  constructor(origin: string) {
    this.#http = createHttp({ origin, fetch: createCookieFetch(origin).fetch });
  }

  get joining(): Joining {
    if (!this.#joining) throw new Error('not begun');
    return this.#joining;
  }

  /** What its screen shows as a QR code. */
  get code(): string {
    return this.#code;
  }

  /** Gives the number its screen shows. */
  async begin(label = 'Firefox, Android'): Promise<string> {
    const { deviceLinkId, device } = this;
    const { number } = await this.#http('POST /api/device-links', { deviceLinkId });
    const { joining, message, code } = beginJoining({ deviceLinkId: fromBase64Url(deviceLinkId), device, label });
    this.#joining = joining;
    this.#code = code;
    await this.#send(message);
    return number;
  }

  /** Listens and answers until it has come so far. */
  async until(stage: Joining['stage']): Promise<void> {
    const { deviceLinkId } = this;
    while (this.joining.stage !== stage) {
      const { messages, isOver } = await this.#http('POST /api/device-links/receive', { deviceLinkId, after: this.#received });
      for (const message of messages) {
        this.#received += 1;
        const next = receiveAsJoining(this.joining, fromBase64Url(message));
        this.#joining = next.joining;
        if (next.message) await this.#send(next.message);
      }
      if (isOver && messages.length === 0) throw new Error('the link is over');
      // The server answers six hundred times a minute at most.
      await setTimeout(150);
    }
  }

  /** The person finds the digits the same. */
  async confirm(): Promise<void> {
    const { joining, message } = confirmAsJoining(this.joining);
    this.#joining = joining;
    if (message) await this.#send(message);
  }

  async end(): Promise<void> {
    await this.#http('POST /api/device-links/end', { deviceLinkId: this.deviceLinkId });
  }

  /** Sends whatever somebody in between would. */
  async sendRaw(message: Uint8Array): Promise<void> {
    await this.#send(message);
  }

  async #send(message: Uint8Array): Promise<void> {
    await this.#http('POST /api/device-links/send', {
      deviceLinkId: this.deviceLinkId,
      index: this.#sent,
      message: toBase64Url(message),
    });
    this.#sent += 1;
  }
}
