import webPush from 'web-push';
import type { AccountId } from '../protocol/ids.ts';
import type { PushNotice } from '../protocol/push.ts';
import type { Log } from '../platform/log.ts';
import type { Deliver } from './delivery.ts';
import type { PushKey, PushStore, Subscription } from './store.ts';

export interface PushesDependencies {
  readonly store: PushStore;
  readonly deliver: Deliver;
  /** Where a push service finds whoever runs this (RFC 8292 §2.1): an https or mailto address. */
  readonly contact: string;
  readonly log: Log;
}

/** How long a push service keeps a notice for a browser that is off, in seconds: a turn lasts three minutes at most. */
const keepSeconds: Readonly<Record<PushNotice['kind'], number>> = { turn: 180, message: 24 * 60 * 60 };
/** One more try for a service that is busy. */
const retryAfterMs = 2_000;

/**
 * Notices to browsers in which no page of ours is open. They say that there is something, never what: the push service and whoever
 * looks at the screen learn no name, no office, no word. Encrypted for the browser by RFC 8291.
 */
export class Pushes {
  readonly #dependencies: PushesDependencies;
  readonly #running = new Set<Promise<void>>();
  #key: Promise<PushKey> | undefined;

  constructor(dependencies: PushesDependencies) {
    this.#dependencies = dependencies;
  }

  async publicKey(): Promise<string> {
    return (await this.#readKey()).publicKey;
  }

  /** Tells every browser of the account; nobody waits for it. A browser that its service no longer knows is forgotten. */
  tell(accountId: AccountId, kind: PushNotice['kind']): void {
    const telling = this.#tell(accountId, kind)
      .catch((error: unknown) => this.#dependencies.log.warn({ err: error }, 'a notice could not be sent'))
      .finally(() => this.#running.delete(telling));
    this.#running.add(telling);
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #tell(accountId: AccountId, kind: PushNotice['kind']): Promise<void> {
    const subscriptions = await this.#dependencies.store.listOf(accountId);
    await Promise.all(subscriptions.map(async (subscription) => await this.#send(subscription, kind)));
  }

  async #send({ endpoint, publicKey, secret, locale }: Subscription, kind: PushNotice['kind']): Promise<void> {
    const { store, deliver, contact, log } = this.#dependencies;
    const key = await this.#readKey();
    const { headers, body } = webPush.generateRequestDetails(
      { endpoint, keys: { p256dh: publicKey, auth: secret } },
      JSON.stringify({ kind, locale } satisfies PushNotice),
      {
        vapidDetails: { subject: contact, ...key },
        TTL: keepSeconds[kind],
        urgency: kind === 'turn' ? 'high' : 'normal',
        // A newer notice of its kind takes the place of one that has not been delivered yet (RFC 8030 §5.4).
        topic: kind,
        contentEncoding: 'aes128gcm',
      },
    );
    const request = { endpoint, headers: Object.fromEntries(Object.entries(headers)), body: body ?? Buffer.alloc(0) };
    let status = await deliver(request);
    if (status === 429 || status >= 500) {
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs).unref());
      status = await deliver(request);
    }
    // RFC 8030 §7.3: it has expired, or was taken back.
    if (status === 404 || status === 410) await store.remove(endpoint);
    else if (status < 200 || status > 299) log.warn({ status, host: new URL(endpoint).host }, 'a push service refused a notice');
  }

  async #readKey(): Promise<PushKey> {
    this.#key ??= this.#dependencies.store.keepKey(webPush.generateVAPIDKeys());
    return await this.#key;
  }
}
