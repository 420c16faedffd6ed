import type { SessionView } from '../../server/protocol/accounts.ts';
import type { Http } from '../net/http.ts';
import { RequestError } from '../net/request-error.ts';
import type { Passkeys } from './passkeys.ts';

export interface ConfirmationOptions {
  readonly http: Http;
  readonly passkeys: Pick<Passkeys, 'get'>;
}

/** A passkey of the account, shown once more for what weighs more than reading. All of it from a click; throws PasskeyError or RequestError. */
export interface Confirmation {
  /** Does it; when the server asks for a passkey first, shows one and does it once more. */
  run<Value>(act: () => Promise<Value>): Promise<Value>;
  /** Before something that must not stop half-way: shows a passkey unless the session stays confirmed for another minute. */
  ensure(): Promise<void>;
}

/** `confirmedUntil`: of the session as it was opened. */
export function createConfirmation(
  options: ConfirmationOptions & { readonly confirmedUntil: number; readonly now?: () => number },
): Confirmation {
  const { now = Date.now } = options;
  let { confirmedUntil } = options;
  const confirm = async (): Promise<void> => {
    const session = await confirmSession(options);
    confirmedUntil = session.confirmedUntil;
  };
  return {
    run: async (act) => {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof RequestError) || error.code !== 'step_up_needed') throw error;
        await confirm();
        return await act();
      }
    },
    ensure: async () => {
      if (confirmedUntil - now() < 60_000) await confirm();
    },
  };
}

/** Shows a passkey of the account once more: the session is confirmed for a while. */
export async function confirmSession({ http, passkeys }: ConfirmationOptions): Promise<SessionView> {
  const { challengeId, options } = await http('POST /api/session/confirmation/options', {});
  const { response } = await passkeys.get(options);
  return await http('POST /api/session/confirmation', { challengeId, response });
}
