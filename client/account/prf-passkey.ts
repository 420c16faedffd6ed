import { equalBytes } from '../../server/protocol/sodium.ts';
import type { NewPasskey, Passkeys } from './passkeys.ts';

/**
 * What a new passkey evaluates to, if it says the same twice; null otherwise, and then everything goes on without it (crypto.md §7.1).
 * `insist`: evaluates twice also where the creation gave no value although the authenticator says that it can.
 */
export async function provePrf(
  passkeys: Pick<Passkeys, 'evaluatePrf'>,
  { response, prf, offersPrf }: NewPasskey,
  { rpId, insist, onceMore }: { readonly rpId: string | undefined; readonly insist: boolean; readonly onceMore: () => void },
): Promise<Uint8Array | null> {
  const evaluate = async (): Promise<Uint8Array | null> => {
    onceMore();
    return await passkeys.evaluatePrf(response.id, rpId);
  };
  const first = prf ?? (insist && offersPrf ? await evaluate() : null);
  if (first === null) return null;
  const second = await evaluate();
  return second !== null && equalBytes(first, second) ? first : null;
}
