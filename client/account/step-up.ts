import type { SessionView } from '../../server/protocol/accounts.ts';
import type { Http } from '../net/http.ts';
import { RequestError } from '../net/request-error.ts';
import type { Passkeys } from './passkeys.ts';

export interface ConfirmationOptions {
  readonly http: Http;
  readonly passkeys: Pick<Passkeys, 'get'>;
  /** The session is confirmed for a while. */
  readonly onConfirmed: (session: SessionView) => void;
}

/** Does what weighs more than reading: when the server asks for a passkey first, shows one and does it once more. */
export type WithConfirmation = <Value>(act: () => Promise<Value>) => Promise<Value>;

/** Shows a passkey of the account once more. Call it from a click. Throws a PasskeyError or a RequestError. */
export async function confirmSession({ http, passkeys, onConfirmed }: ConfirmationOptions): Promise<void> {
  const { challengeId, options } = await http('POST /api/session/confirmation/options', {});
  const response = await passkeys.get(options);
  onConfirmed(await http('POST /api/session/confirmation', { challengeId, response }));
}

export function createConfirmation(options: ConfirmationOptions): WithConfirmation {
  return async (act) => {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'step_up_needed') throw error;
      await confirmSession(options);
      return await act();
    }
  };
}
