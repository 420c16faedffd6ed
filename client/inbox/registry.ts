import { type Base64Url, fromBase64Url } from '../../server/protocol/base64url.ts';
import type { InboxId } from '../../server/protocol/ids.ts';
import type { Http } from '../net/http.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import type { PinnedKeys, RegistryPin } from '../storage/registry-pin.ts';

/** What the installation says of itself to everybody, with what this browser has pinned of it. Each throws a RequestError on first use. */
export interface Registry {
  /** The registry's keys. When the server now names others, the pinned ones stay and an alarm is raised. */
  keys(): Promise<readonly Uint8Array[]>;
  /** What receipts must be signed with; pinned likewise. */
  receiptKey(): Promise<Uint8Array>;
  /** The inbox the server says the registrars are; its chain tells whether the registry says so too. Null: none. */
  registrars(): Promise<InboxId | null>;
}

interface Loaded {
  readonly keys: readonly Uint8Array[];
  readonly receiptKey: Uint8Array;
  readonly registrars: InboxId | null;
}

export function createRegistry({
  http,
  pin,
  raise,
}: {
  readonly http: Http;
  readonly pin: RegistryPin;
  readonly raise: RaiseAlarm;
}): Registry {
  let loading: Promise<Loaded> | null = null;
  const checked = async (name: PinnedKeys, keys: readonly Base64Url[]) => {
    const { keys: pinned, changed } = await pin.check(name, keys);
    if (changed) raise({ kind: name === 'registry' ? 'registry-changed' : 'receipt-key-changed' });
    return pinned.map(fromBase64Url);
  };
  const load = async (): Promise<Loaded> => {
    const { keys, receiptKey, registrars } = await http('GET /api/registry');
    const [pinnedReceiptKey = new Uint8Array()] = await checked('receipts', [receiptKey]);
    return { keys: await checked('registry', keys), receiptKey: pinnedReceiptKey, registrars };
  };
  const loaded = async (): Promise<Loaded> => {
    loading ??= load();
    try {
      return await loading;
    } catch (error) {
      loading = null;
      throw error;
    }
  };
  return {
    keys: async () => (await loaded()).keys,
    receiptKey: async () => (await loaded()).receiptKey,
    registrars: async () => (await loaded()).registrars,
  };
}
