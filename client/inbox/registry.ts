import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { Http } from '../net/http.ts';
import type { RaiseAlarm } from '../storage/alarm.ts';
import type { RegistryPin } from '../storage/registry-pin.ts';

/** The pinned registry keys. When the server now names others, the pinned ones stay and an alarm is raised. Throws a RequestError on first use. */
export function createRegistry({ http, pin, raise }: { readonly http: Http; readonly pin: RegistryPin; readonly raise: RaiseAlarm }) {
  let loaded: Promise<readonly Uint8Array[]> | null = null;
  const load = async () => {
    const { keys, changed } = await pin.check((await http('GET /api/registry')).keys);
    if (changed) raise({ kind: 'registry-changed' });
    return keys.map(fromBase64Url);
  };
  return async (): Promise<readonly Uint8Array[]> => {
    loaded ??= load();
    try {
      return await loaded;
    } catch (error) {
      loaded = null;
      throw error;
    }
  };
}
