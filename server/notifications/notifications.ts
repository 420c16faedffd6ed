import type { AccountId } from '../protocol/ids.ts';
import type { PushNotice } from '../protocol/push.ts';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Deliver } from './delivery.ts';
import { Pushes } from './pushes.ts';
import { createPushStore, type PushStore } from './store.ts';

export interface NotificationsDependencies {
  readonly database: Database;
  readonly deliver: Deliver;
  /** What the browser's address bar shows. */
  readonly origin: string;
  readonly log: Log;
}

/** Reaching people who have no page of ours open. */
export interface Notifications {
  /** What its commands are made of. */
  readonly parts: { readonly store: PushStore; readonly pushes: Pushes };
  /** Nobody waits for it, and it may come to nothing. */
  tell(accountId: AccountId, kind: PushNotice['kind']): void;
  /** Those of these accounts that have a browser which can be told. */
  reachable(accountIds: readonly AccountId[]): Promise<ReadonlySet<AccountId>>;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
}

export function createNotifications({ database, deliver, origin, log }: NotificationsDependencies): Notifications {
  const store = createPushStore(database);
  // Services want an address they could ask at, and some refuse one that is not HTTPS.
  const pushes = new Pushes({ store, deliver, contact: origin.replace(/^http:\/\/([^:]+).*$/, 'https://$1'), log });
  return {
    parts: { store, pushes },
    tell: (accountId, kind) => pushes.tell(accountId, kind),
    reachable: async (accountIds) => await store.reachable(accountIds),
    settled: async () => await pushes.settled(),
  };
}
