import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { type DeviceLinkId, newId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { createDevice, type DeviceKeys } from '../crypto/device.ts';
import { beginJoining, confirmAsJoining, type Joining, receiveAsJoining } from '../crypto/joining-device.ts';
import type { Http } from '../net/http.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';

export type JoiningFailure =
  /** The other device stopped, or the time was over. */
  | 'over'
  /** What came does not fit the code or the digits: somebody else may be in between. */
  | 'refused'
  /** The other device is in another account than the one that is signed in here. */
  | 'other-account'
  /** Let in, but the account does not open here. */
  | 'not-open';

export type JoiningState =
  | { readonly step: 'preparing' }
  /** The code for a camera, the number for a keyboard; good until `expiresAt`. */
  | { readonly step: 'showing'; readonly code: string; readonly number: string; readonly expiresAt: number }
  /** The number was typed: the digits must be the same on both devices. */
  | { readonly step: 'comparing'; readonly digits: string }
  /** The other device decides. */
  | { readonly step: 'waiting' }
  /** Let in; a passkey is to be made, for nobody is signed in here. */
  | { readonly step: 'passkey' }
  | { readonly step: 'opening' }
  | { readonly step: 'done' }
  | { readonly step: 'failed'; readonly failure: JoiningFailure };

/** This browser's new device, let in by another one of the account. */
export interface Joined {
  readonly deviceLinkId: DeviceLinkId;
  readonly userId: Uint8Array;
  readonly device: DeviceKeys;
}

export interface JoiningOptions {
  readonly http: Http;
  readonly deviceLabel: string;
  /** The account that is signed in here without keys; null when nobody is. */
  readonly expectedUserId: Uint8Array | null;
  /** Opens the account for whoever is signed in already; whether it went. */
  readonly open: (joined: Joined) => Promise<boolean>;
  /** The same with a new passkey. */
  readonly openWithPasskey: (joined: Joined, onceMore: () => void) => Promise<boolean>;
  /** Between two looks for a message of the other device. */
  readonly pause?: () => Promise<void>;
}

class LinkOver extends Error {}

/** This browser as the new device that another one lets in (crypto.md §6, "Add device"). */
export class DeviceJoining {
  readonly #options: JoiningOptions;
  readonly #state = new Subject<JoiningState>({ step: 'preparing' });
  readonly #deviceLinkId: DeviceLinkId = newId();
  readonly #device = createDevice('browser');
  #joining: Joining | null = null;
  #received = 0;
  #sent = 0;
  #isOver = false;

  constructor(options: JoiningOptions) {
    this.#options = options;
  }

  get state(): Observable<JoiningState> {
    return this.#state;
  }

  /** Shows the code and goes on by itself until a person has to do something. Throws a RequestError. */
  async begin(): Promise<void> {
    const { http, deviceLabel } = this.#options;
    const deviceLinkId = this.#deviceLinkId;
    const { number, expiresAt } = await http('POST /api/device-links', { deviceLinkId });
    const first = beginJoining({ deviceLinkId: fromBase64Url(deviceLinkId), device: this.#device, label: deviceLabel });
    this.#joining = first.joining;
    await this.#send(first.message);
    this.#state.set({ step: 'showing', code: first.code, number, expiresAt });
    await this.#orFail(async () => await this.#listen());
  }

  /** The person says that the digits are the same on both devices. */
  async confirm(): Promise<void> {
    const joining = this.#joining;
    if (joining?.stage !== 'comparing') return;
    this.#state.set({ step: 'waiting' });
    await this.#orFail(async () => {
      const next = confirmAsJoining(joining);
      this.#joining = next.joining;
      if (next.message) await this.#send(next.message);
    });
  }

  /** Call it from a click. Throws a PasskeyError or a RequestError. */
  async createPasskey(onceMore: () => void): Promise<void> {
    const joined = this.#joined();
    if (joined) this.#finish(await this.#options.openWithPasskey(joined, onceMore));
  }

  /** The person goes: the other device is told. */
  async cancel(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      await this.#options.http('POST /api/device-links/end', { deviceLinkId: this.#deviceLinkId });
    } catch (error) {
      // It ends by itself when its time is over.
      if (!(error instanceof RequestError)) throw error;
    }
  }

  async #listen(): Promise<void> {
    const { http, pause = async () => await new Promise((resolve) => setTimeout(resolve, 900)) } = this.#options;
    while (!this.#isOver) {
      const { messages, isOver } = await this.#receive(http);
      for (const message of messages) {
        this.#received += 1;
        await this.#take(fromBase64Url(message));
      }
      if (this.#joining?.stage === 'joined') return await this.#arrive();
      if (isOver) throw new LinkOver();
      await pause();
    }
  }

  /** A line that is down for a moment ends nothing. */
  async #receive(http: Http) {
    try {
      return await http('POST /api/device-links/receive', { deviceLinkId: this.#deviceLinkId, after: this.#received });
    } catch (error) {
      if (error instanceof RequestError && error.retryable) return { messages: [], isOver: false };
      throw error;
    }
  }

  async #take(message: Uint8Array): Promise<void> {
    if (!this.#joining) return;
    const next = receiveAsJoining(this.#joining, message);
    this.#joining = next.joining;
    const { stage, digits, userId } = next.joining;
    const { expectedUserId } = this.#options;
    if (userId && expectedUserId && toBase64Url(userId) !== toBase64Url(expectedUserId)) throw new OtherAccount();
    if (next.message) await this.#send(next.message);
    if (stage === 'comparing' && digits !== null) this.#state.set({ step: 'comparing', digits });
    if (stage === 'joining') this.#state.set({ step: 'waiting' });
  }

  async #arrive(): Promise<void> {
    this.#isOver = true;
    if (this.#options.expectedUserId === null) return this.#state.set({ step: 'passkey' });
    this.#state.set({ step: 'opening' });
    const joined = this.#joined();
    if (joined) this.#finish(await this.#options.open(joined));
  }

  #finish(isOpen: boolean): void {
    this.#state.set(isOpen ? { step: 'done' } : { step: 'failed', failure: 'not-open' });
  }

  #joined(): Joined | null {
    const userId = this.#joining?.userId;
    return userId ? { deviceLinkId: this.#deviceLinkId, userId, device: this.#device } : null;
  }

  async #orFail(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const failure = failureOf(error);
      if (failure === null) throw error;
      await this.cancel();
      this.#state.set({ step: 'failed', failure });
    }
  }

  async #send(message: Uint8Array): Promise<void> {
    const index = this.#sent;
    this.#sent += 1;
    await this.#options.http('POST /api/device-links/send', { deviceLinkId: this.#deviceLinkId, index, message: toBase64Url(message) });
  }
}

class OtherAccount extends Error {}

function failureOf(error: unknown): JoiningFailure | null {
  if (error instanceof LinkOver) return 'over';
  if (error instanceof OtherAccount) return 'other-account';
  if (error instanceof CryptoError) return 'refused';
  return error instanceof RequestError && !error.retryable ? 'over' : null;
}
