import { CryptoError } from '../../server/protocol/sodium.ts';
import { askWhenBack, type Line } from '../net/ask-when-back.ts';
import { RequestError } from '../net/request-error.ts';
import { LetIn } from './let-in.ts';
import { MyDevices, type MyDevicesOptions } from './my-devices.ts';
import { OpenSessions } from './open-sessions.ts';
import { OwnPasskeys, type OwnPasskeysOptions } from './own-passkeys.ts';
import { ResetAlerts } from './reset-alerts.ts';

export type SecurityOptions = Line & MyDevicesOptions & Omit<OwnPasskeysOptions, 'devices'>;

/** Everything about the safety of the account that is signed in, kept up to date for as long as it is. */
export interface Security {
  readonly devices: MyDevices;
  readonly passkeys: OwnPasskeys;
  readonly sessions: OpenSessions;
  readonly resets: ResetAlerts;
  /** One for each new device. */
  letIn(): LetIn;
  close(): void;
}

export function openSecurity(options: SecurityOptions): Security {
  const { on, request, hand } = options;
  const devices = new MyDevices(options);
  const passkeys = new OwnPasskeys({ ...options, devices });
  const sessions = new OpenSessions(options);
  const resets = new ResetAlerts(options);
  const ofAccount = [devices, passkeys, sessions].map((part) => async () => await tryTo(part));
  const stops = [
    ...[...ofAccount, async () => await tryTo(resets)].map((ask) => askWhenBack(options, ask)),
    on('account:changed', () => void Promise.all(ofAccount.map(async (ask) => await ask()))),
    on('reset:changed', () => void tryTo(resets)),
  ];
  return {
    devices,
    passkeys,
    sessions,
    resets,
    letIn: () => new LetIn({ userId: hand.userId, devices, request }),
    close: () => {
      for (const stop of stops) stop();
    },
  };
}

async function tryTo(part: { refresh(): Promise<void> }): Promise<void> {
  try {
    await part.refresh();
  } catch (error) {
    // No answer: asked again when the line is back. An own chain that does not verify has raised its alarm.
    if (!(error instanceof RequestError) && !(error instanceof CryptoError)) throw error;
  }
}
