import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { type DeviceLinkId, idOf } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { type Admitting, admitDevice, beginAdmitting, finishAdmitting, receiveAsAdmitting } from '../crypto/admitting-device.ts';
import { type LinkCode, readLinkCode } from '../crypto/device-link.ts';
import { type Observable, Subject } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import { RequestError } from '../net/request-error.ts';
import { untilAnswered } from '../net/until-answered.ts';
import type { ChainStep } from './extend-account.ts';
import type { MyDevices } from './my-devices.ts';

export type LetInFailure =
  /** What was scanned, pasted or typed is neither a code nor a number of eight digits. */
  | 'not-a-code'
  /** Nobody waits under this number or code: mistyped, too late, or claimed by another account. */
  | 'not-found'
  /** The other side gave up, or its time was over. */
  | 'over'
  /** What the other side said does not fit the code or the digits: somebody else may be in between. Nothing was added. */
  | 'refused';

export type LetInState =
  | { readonly step: 'asking'; readonly failure: LetInFailure | null }
  | { readonly step: 'connecting' }
  /** The person decides. `digits`: to be compared with those on the new device; null when its code was scanned, which says as much. */
  | { readonly step: 'deciding'; readonly digits: string | null; readonly suggestedLabel: string }
  | { readonly step: 'adding' }
  | { readonly step: 'done'; readonly label: string };

export interface LetInOptions {
  readonly userId: Uint8Array;
  readonly devices: MyDevices;
  readonly request: RequestFunction;
  /** Between two looks for a message of the new device. */
  readonly pause?: () => Promise<void>;
}

const labelBytes = 64;

/** The other side is gone. */
class LinkOver extends Error {}

/** Lets one new device into the account: the side of the device that is in it (crypto.md §6, "Add device"). */
export class LetIn {
  readonly #options: LetInOptions;
  readonly #state = new Subject<LetInState>({ step: 'asking', failure: null });
  #link: Conversation | null = null;

  constructor(options: LetInOptions) {
    this.#options = options;
  }

  get state(): Observable<LetInState> {
    return this.#state;
  }

  /** With what the new device shows: its code as it was scanned or pasted, or its number as it was typed. Throws a RequestError. */
  async begin(text: string): Promise<void> {
    const wanted = readWanted(text);
    if (wanted === null) return this.#state.set({ step: 'asking', failure: 'not-a-code' });
    await this.#step({ step: 'connecting' }, async () => {
      const link = await this.#open(wanted);
      if (this.#state.value.step !== 'connecting') return await link.end();
      this.#link = link;
      await link.until('deciding');
      const { digits, suggestedLabel } = link.admitting;
      if (this.#link === link) this.#state.set({ step: 'deciding', digits, suggestedLabel });
    });
  }

  /** The person said yes: it is the own device, and the digits, if there are any, are the same. Throws what `MyDevices.addWith` throws. */
  async admit(label: string): Promise<void> {
    const link = this.#link;
    if (link?.admitting.device == null) return;
    const { deviceId } = link.admitting.device;
    const step: ChainStep = async (moment) => await link.admit({ ...moment, label: fitLabel(label) });
    await this.#step({ step: 'adding' }, async () => {
      await this.#options.devices.addWith(idOf(deviceId), step);
      // From here on it is in the account, whatever becomes of the link.
      await link.finish().catch(ignoreRefusal);
      this.#link = null;
      this.#state.set({ step: 'done', label });
    });
  }

  /** The person said no, or goes: the new device is told. */
  async cancel(): Promise<void> {
    const link = this.#link;
    this.#link = null;
    this.#state.set({ step: 'asking', failure: null });
    await link?.end();
  }

  async #open(wanted: string | LinkCode): Promise<Conversation> {
    const { userId, request, pause = async () => await new Promise((resolve) => setTimeout(resolve, 700)) } = this.#options;
    const code = typeof wanted === 'string' ? null : wanted;
    const deviceLinkId: DeviceLinkId =
      typeof wanted === 'string' ? (await request('device-link:find', { number: wanted })).deviceLinkId : idOf(wanted.deviceLinkId);
    const admitting = beginAdmitting({ userId, deviceLinkId: fromBase64Url(deviceLinkId), code });
    return new Conversation({ request, pause, deviceLinkId, admitting });
  }

  async #step(during: LetInState, work: () => Promise<void>): Promise<void> {
    const before = this.#state.value;
    this.#state.set(during);
    try {
      await work();
    } catch (error) {
      // The person has gone meanwhile.
      if (this.#state.value !== during) return;
      const failure = failureOf(error);
      // No passkey was shown, or the line was down: the new device is still waiting, and it can be tried again from here.
      this.#state.set(failure === null ? before : { step: 'asking', failure });
      if (failure === null) throw error;
      const link = this.#link;
      this.#link = null;
      await link?.end();
    }
  }
}

interface ConversationParts {
  readonly request: RequestFunction;
  readonly pause: () => Promise<void>;
  readonly deviceLinkId: DeviceLinkId;
  readonly admitting: Admitting;
}

/** What is said with the new device through the server. */
class Conversation {
  readonly #parts: ConversationParts;
  #admitting: Admitting;
  #received = 0;
  #sent = 0;
  #isEnded = false;

  constructor(parts: ConversationParts) {
    this.#parts = parts;
    this.#admitting = parts.admitting;
  }

  get admitting(): Admitting {
    return this.#admitting;
  }

  /** Listens and answers until it is the person's turn, or the link is complete. */
  async until(stage: Admitting['stage']): Promise<void> {
    const { request, deviceLinkId, pause } = this.#parts;
    for (;;) {
      const { messages, isOver } = await this.#ask(
        async () => await request('device-link:receive', { deviceLinkId, after: this.#received }),
      );
      for (const message of messages) {
        this.#received += 1;
        const next = receiveAsAdmitting(this.#admitting, fromBase64Url(message));
        this.#admitting = next.admitting;
        if (next.message) await this.#send(next.message);
      }
      if (this.#admitting.stage === stage) return;
      if (isOver) throw new LinkOver();
      await pause();
    }
  }

  /** Signs, waits for the new device's own signature, and gives the link with both. */
  async admit(moment: Parameters<typeof admitDevice>[1]) {
    const { admitting, message } = admitDevice(this.#admitting, moment);
    this.#admitting = admitting;
    await this.#send(message);
    await this.until('complete');
    const { link } = this.#admitting;
    if (!link) throw new CryptoError('invalid_link', 'complete without a link');
    return link;
  }

  async finish(): Promise<void> {
    await this.#send(finishAdmitting(this.#admitting));
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    const { request, deviceLinkId } = this.#parts;
    // It ends by itself when its time is over.
    await request('device-link:end', { deviceLinkId }).catch(ignoreRefusal);
  }

  /** A line that is down is waited for: the link's own time is the limit. */
  async #ask<Value>(work: () => Promise<Value>): Promise<Value> {
    return await untilAnswered(work, () => !this.#isEnded);
  }

  async #send(message: Uint8Array): Promise<void> {
    const { request, deviceLinkId } = this.#parts;
    await this.#ask(async () => await request('device-link:send', { deviceLinkId, index: this.#sent, message: toBase64Url(message) }));
    this.#sent += 1;
  }
}

/** As much of it as a sealed label holds. */
function fitLabel(label: string): string {
  const characters = Array.from(label);
  while (new TextEncoder().encode(characters.join('')).length > labelBytes) characters.pop();
  return characters.join('');
}

/** The eight digits, or the code behind the "#" of an address; null for anything else. */
function readWanted(text: string): string | LinkCode | null {
  const digits = text.replaceAll(/[\s.-]/g, '');
  if (/^\d{8}$/.test(digits)) return digits;
  try {
    return readLinkCode(text.trim().replace(/^.*#/s, ''));
  } catch (error) {
    if (error instanceof CryptoError) return null;
    throw error;
  }
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof RequestError)) throw error;
}

function failureOf(error: unknown): LetInFailure | null {
  if (error instanceof LinkOver) return 'over';
  if (error instanceof CryptoError) return 'refused';
  if (!(error instanceof RequestError)) return null;
  if (error.code === 'closed') return 'over';
  return error.code === 'not_found' ? 'not-found' : null;
}
