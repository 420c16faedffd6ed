import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { Locale } from '../../server/protocol/locale.ts';
import { Subject, type Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { ownScriptUrl } from '../net/script-url.ts';

/**
 * Whether this browser is told when no page is open. `refused`: by the person, in the browser; `unsupported`: it cannot, `iphone`: not
 * before the page is on the home screen; `failed`: the push service or ours did not answer.
 */
export type PushState = 'off' | 'asking' | 'on' | 'refused' | 'unsupported' | 'iphone' | 'failed';

/** This browser's subscription to notices. Nothing is asked of the person before `turnOn`, which belongs into a click. */
export class Push {
  readonly #request: RequestFunction;
  readonly #state = new Subject<PushState>('off');

  constructor(request: RequestFunction) {
    this.#request = request;
    void this.#find();
  }

  get state(): Observable<PushState> {
    return this.#state;
  }

  async turnOn(locale: Locale): Promise<void> {
    if (this.#state.value === 'asking' || !isSupported()) return;
    this.#state.set('asking');
    if ((await Notification.requestPermission()) !== 'granted') return this.#state.set('refused');
    await this.#try(async () => {
      const registration = await register();
      const { publicKey } = await this.#request('push:read-key', {});
      const known = await registration.pushManager.getSubscription();
      const isOurs = known !== null && equals(known.options.applicationServerKey, fromBase64Url(publicKey));
      if (!isOurs) await known?.unsubscribe();
      const subscription = isOurs
        ? known
        : await registration.pushManager.subscribe({
            userVisibleOnly: true,
            applicationServerKey: Uint8Array.from(fromBase64Url(publicKey)),
          });
      await this.#tell(subscription, locale);
    });
  }

  async turnOff(): Promise<void> {
    await this.#try(async () => {
      const subscription = await findSubscription();
      if (subscription) await this.#request('push:unsubscribe', { endpoint: subscription.endpoint });
      await subscription?.unsubscribe();
    }, 'off');
  }

  /** The server forgets a subscription with its session; the browser does not. */
  async renew(locale: Locale): Promise<void> {
    const subscription = isSupported() && Notification.permission === 'granted' ? await findSubscription() : null;
    if (subscription) await this.#try(async () => await this.#tell(subscription, locale));
  }

  async #find(): Promise<void> {
    if (!isSupported()) return this.#state.set(isIphone() ? 'iphone' : 'unsupported');
    if (Notification.permission === 'denied') this.#state.set('refused');
  }

  async #tell(subscription: PushSubscription, locale: Locale): Promise<void> {
    const { endpoint } = subscription;
    const [publicKey, secret] = [subscription.getKey('p256dh'), subscription.getKey('auth')];
    if (!publicKey || !secret) throw new TypeError('a subscription without keys');
    await this.#request('push:subscribe', {
      endpoint,
      publicKey: toBase64Url(new Uint8Array(publicKey)),
      secret: toBase64Url(new Uint8Array(secret)),
      locale,
    });
  }

  async #try(work: () => Promise<void>, after: PushState = 'on'): Promise<void> {
    try {
      await work();
      this.#state.set(after);
    } catch (error) {
      // The push service's own failures are DOMExceptions (Push API §8).
      if (!(error instanceof RequestError || error instanceof DOMException || error instanceof TypeError)) throw error;
      this.#state.set('failed');
    }
  }
}

async function register(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register(ownScriptUrl('/service-worker.js'));
  return await navigator.serviceWorker.ready;
}

async function findSubscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ?? null;
}

function isSupported(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;
}

function isIphone(): boolean {
  return /iPhone|iPad/.test(navigator.userAgent) && !matchMedia('(display-mode: standalone)').matches;
}

function equals(buffer: ArrayBuffer | null, bytes: Uint8Array): boolean {
  const other = new Uint8Array(buffer ?? new ArrayBuffer());
  return other.length === bytes.length && other.every((byte, index) => byte === bytes[index]);
}
