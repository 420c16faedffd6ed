import de from 'virtual:catalogue/de/notices';
import en from 'virtual:catalogue/en/notices';
import fr from 'virtual:catalogue/fr/notices';
import lb from 'virtual:catalogue/lb/notices';
import pt from 'virtual:catalogue/pt/notices';
import type { Locale } from '../../server/protocol/locale.ts';
import type { PushNotice } from '../../server/protocol/push.ts';

/*
 * Wakes when a notice comes while no page is open, and shows it. It keeps nothing, caches nothing and answers no request of a page.
 */

/** The pieces of the Push API and the Service Worker specification that this needs; the library for pages has none of them. */
interface Waking {
  waitUntil(work: Promise<unknown>): void;
}
interface Worker {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly Page[]>;
    openWindow(url: string): Promise<Page | null>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install', listener: () => void): void;
  addEventListener(type: 'push', listener: (event: Waking & { readonly data: { json(): PushNotice } | null }) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: Waking & { readonly notification: Notification }) => void): void;
}
interface Page {
  readonly visibilityState: DocumentVisibilityState;
  focus(): Promise<Page>;
}

const texts: Readonly<Record<Locale, typeof en>> = { de, en, fr, lb, pt };
// This file is only ever run by a service worker.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const worker = globalThis as unknown as Worker;

worker.addEventListener('install', () => void worker.skipWaiting());

worker.addEventListener('push', (event) => {
  if (event.data) event.waitUntil(show(event.data.json()));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.lang));
});

async function show({ kind, locale }: PushNotice): Promise<void> {
  const t = texts[locale];
  // Whoever looks at a page of ours sees it there.
  if ((await listPages()).some(({ visibilityState }) => visibilityState === 'visible')) return;
  await worker.registration.showNotification(kind === 'turn' ? t.turnTitle({}) : t.messageTitle({}), {
    body: kind === 'turn' ? t.turnText({}) : t.messageText({}),
    lang: locale,
    tag: kind,
    requireInteraction: kind === 'turn',
  });
}

async function open(locale: string): Promise<void> {
  const [page] = await listPages();
  await (page ? page.focus() : worker.clients.openWindow(`/${locale}/conversations`));
}

async function listPages(): Promise<readonly Page[]> {
  return await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
}
