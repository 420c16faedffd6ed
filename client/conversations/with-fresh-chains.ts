import type { AccountId, InboxId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import type { Reader } from './reader.ts';

/**
 * Verifies with the chains at hand and, when that fails, once more with the newest ones: what is judged may be younger than what was kept.
 * Throws a CryptoError or a RequestError.
 */
export async function withFreshChains<Value>(
  reader: Pick<Reader, 'loadChains'>,
  wanted: { readonly accountIds: readonly AccountId[]; readonly inboxIds: readonly InboxId[] },
  verify: () => Value,
): Promise<Value> {
  await reader.loadChains(wanted);
  try {
    return verify();
  } catch (error) {
    // Bytes that are broken, or do not open, do not get better by newer chains.
    if (!(error instanceof CryptoError) || ['malformed', 'unsupported', 'cannot_open', 'bad_id'].includes(error.code)) throw error;
  }
  await reader.loadChains(wanted, { maxAgeMs: 0 });
  return verify();
}
