import { ECDH } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import type { PushCommands } from '../protocol/push.ts';
import { AppError } from '../platform/app-error.ts';
import type { Handlers } from '../platform/commands.ts';
import { requirePushEndpoint } from './endpoint.ts';
import type { Pushes } from './pushes.ts';
import { schemas } from './schemas.ts';
import type { PushStore } from './store.ts';

export interface PushHandlersDependencies {
  readonly store: PushStore;
  readonly pushes: Pushes;
}

/** Browsers of one person that are told at the same time. */
const maxBrowsers = 5;
const people = ['citizen', 'official'] as const;

/** The commands of notices. */
export function pushHandlers({ store, pushes }: PushHandlersDependencies): Handlers<keyof PushCommands> {
  return {
    'push:read-key': {
      allow: people,
      schema: schemas['push:read-key'],
      limit: { points: 60, perSeconds: 60 },
      run: async () => ({ publicKey: toBase64Url(Buffer.from(await pushes.publicKey(), 'base64url')) }),
    },
    'push:subscribe': {
      allow: people,
      schema: schemas['push:subscribe'],
      limit: { points: 20, perSeconds: 60 },
      async run({ endpoint, publicKey, secret, locale }, { accountId, sessionId }) {
        requirePushEndpoint(endpoint);
        requirePoint(fromBase64Url(publicKey));
        if (!(await store.add({ endpoint, accountId, sessionId, publicKey, secret, locale }, maxBrowsers)))
          throw new AppError('bad_state', 'too many browsers are told already');
        return {};
      },
    },
    'push:unsubscribe': {
      allow: people,
      schema: schemas['push:unsubscribe'],
      limit: { points: 20, perSeconds: 60 },
      async run({ endpoint }, { accountId }) {
        await store.remove(endpoint, accountId);
        return {};
      },
    },
  };
}

/** A key that is no point of the curve would be refused by the library at every notice. */
function requirePoint(publicKey: Uint8Array): void {
  try {
    ECDH.convertKey(publicKey, 'prime256v1');
  } catch (error) {
    throw new AppError('bad_request', 'not a point of P-256', { cause: error });
  }
}
