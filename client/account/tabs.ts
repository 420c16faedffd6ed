import type { AccountId } from '../../server/protocol/ids.ts';

/** What pages of one browser tell each other. Nothing of it is kept anywhere. */
export type TabMessage =
  /** Somebody is there: the idle time begins anew in all tabs. */
  | { readonly kind: 'input' }
  | { readonly kind: 'locked' }
  /** The passkey was shown in another tab: what was locked with it opens with it. */
  | { readonly kind: 'unlocked' }
  /** A new tab of an account that another one has unlocked needs no second passkey. The key cannot be taken out of the browser. */
  | { readonly kind: 'key-wanted'; readonly accountId: AccountId }
  | { readonly kind: 'key'; readonly accountId: AccountId; readonly key: CryptoKey }
  /** The device is not the person's: what this browser held of the account is gone. */
  | { readonly kind: 'forgotten'; readonly accountId: AccountId };

export interface Tabs {
  tell(message: TabMessage): void;
  /** Messages of the other tabs, until the returned function is called. */
  listen(listener: (message: TabMessage) => void): () => void;
  close(): void;
}

/** The other tabs of this origin. */
export function browserTabs(): Tabs {
  const channel = new BroadcastChannel('schalter');
  return {
    // A channel is of one origin by itself; the rule takes it for a window.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    tell: (message) => channel.postMessage(message),
    listen: (listener) => {
      const receive = ({ data }: MessageEvent<TabMessage>): void => listener(data);
      channel.addEventListener('message', receive);
      return () => channel.removeEventListener('message', receive);
    },
    close: () => channel.close(),
  };
}

/** Programs have none. */
export const noTabs: Tabs = { tell: () => {}, listen: () => () => {}, close: () => {} };
