import type { ConversationId, InboxId } from '../../server/protocol/ids.ts';
import { newestCut } from '../../server/protocol/inbox-state.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { renewCase } from '../conversations/renew-case.ts';
import type { Reader } from '../conversations/reader.ts';
import { Retention } from '../inbox/retention.ts';
import { membershipParts } from '../inbox/teams.ts';
import type { Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import type { Subscribe } from '../net/subscribe.ts';
import type { Account } from './account.ts';

/** Letting old cases expire: the work of who leads a team, and what everybody in it then forgets. */
export interface CoreRetention {
  /** One object an inbox, so that the work goes on whatever page is open. */
  retention(inboxId: InboxId): Retention;
  close(): void;
}

export interface CoreRetentionOptions {
  readonly account: Account;
  /** As messages are sealed with. */
  readonly reader: Reader;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly connection: Observable<ConnectionState>;
  /** Keys are gone that conversations may have been opened with. */
  readonly onForgotten: () => void;
  readonly now: () => number;
}

export function openCoreRetention(options: CoreRetentionOptions): CoreRetention {
  const { account, reader, request, on, connection, onForgotten, now } = options;
  const { inboxKeys, inboxChains, session } = account;
  const known = new Map<InboxId, Retention>();
  let isClosed = false;
  let told = 0;

  const settle = async (inboxId: InboxId, { isTold }: { readonly isTold: boolean }): Promise<void> => {
    try {
      const ring = await inboxKeys.open(inboxId);
      const inbox = inboxChains.find(inboxId);
      const isUnsettled = inbox !== null && ring.some(({ generation }) => generation < newestCut(inbox));
      if (isTold || isUnsettled) await inboxKeys.forget(inboxId);
    } catch (error) {
      // Not in the team, or no line: asked again with the next one.
      if (!(error instanceof CryptoError) && !(error instanceof RequestError)) throw error;
    }
    const cut = inboxKeys.forgottenBefore(inboxId);
    if (cut > told && !isClosed) onForgotten();
    told = Math.max(told, cut);
  };
  const own = session.role === 'citizen' ? null : session.inboxId;
  const look = (isTold: boolean): void => {
    if (own !== null && !isClosed) void settle(own, { isTold });
  };

  const stops = [
    on('inbox:forgotten', ({ inboxId }) => {
      if (inboxId === own) look(true);
    }),
    connection.subscribe(({ status }) => {
      if (status === 'connected') look(false);
    }),
  ];
  look(false);

  return {
    retention: (inboxId) => {
      const made =
        known.get(inboxId) ??
        new Retention({
          parts: membershipParts(account, inboxId, now),
          request,
          renewCase: async (conversationId: ConversationId) =>
            await renewCase(conversationId, { request, reader, isWanted: () => !isClosed }),
        });
      known.set(inboxId, made);
      return made;
    },
    close: () => {
      isClosed = true;
      for (const stop of stops) stop();
      for (const one of known.values()) one.close();
    },
  };
}
