import type { DeviceId } from '../../server/protocol/ids.ts';
import { CryptoError } from '../../server/protocol/sodium.ts';
import { personNumber } from '../crypto/person-number.ts';
import { askWhenBack, type Line } from '../net/ask-when-back.ts';
import { LetIn } from './let-in.ts';
import { MyDevices, type MyDevicesOptions } from './my-devices.ts';
import { OpenSessions } from './open-sessions.ts';
import { OwnPasskeys, type OwnPasskeysOptions } from './own-passkeys.ts';
import { ResetAlerts } from './reset-alerts.ts';

/** How the keys lie in this browser: sealed under a passkey, under the browser's own key, or not at all. */
export type Protection = 'passkey' | 'browser' | 'memory';

export type SecurityOptions = Line & MyDevicesOptions & Omit<OwnPasskeysOptions, 'devices'> & { readonly protection: Protection };

/** Everything about the safety of the account that is signed in, kept up to date for as long as it is. */
export interface Security {
  readonly devices: MyDevices;
  readonly passkeys: OwnPasskeys;
  readonly sessions: OpenSessions;
  readonly resets: ResetAlerts;
  readonly protection: Protection;
  /** What the person and somebody else compare, to know that it is this account (client/crypto/person-number.ts). */
  readonly number: string;
  /** A device the person does not know, with the passkey it belongs to, if it belongs to one. */
  removeUnknown(deviceId: DeviceId): Promise<void>;
  /** One for each new device. */
  letIn(): LetIn;
  close(): void;
}

export function openSecurity(options: SecurityOptions): Security {
  const { on, request, hand, protection } = options;
  const devices = new MyDevices(options);
  const passkeys = new OwnPasskeys({ ...options, devices });
  const sessions = new OpenSessions(options);
  const resets = new ResetAlerts(options);
  const follow = (part: Part) => askWhenBack(options, async () => await refresh(part));
  const ofAccount = [devices, passkeys, sessions].map(follow);
  const ofResets = follow(resets);
  const stops = [
    ...[...ofAccount, ofResets].map(({ stop }) => stop),
    ...ofAccount.map(({ ask }) => on('account:changed', () => void ask())),
    on('reset:changed', () => void ofResets.ask()),
  ];
  return {
    devices,
    passkeys,
    sessions,
    resets,
    protection,
    number: personNumber(hand.userId),
    removeUnknown: async (deviceId) => {
      const passkey = passkeys.state.value.find((each) => each.deviceId === deviceId);
      if (passkey && passkeys.refusalToRemove(passkey) !== 'last-passkey') await passkeys.remove(passkey);
      else await devices.revoke([deviceId]);
    },
    letIn: () => new LetIn({ userId: hand.userId, devices, request }),
    close: () => {
      for (const stop of stops) stop();
    },
  };
}

interface Part {
  readonly refresh: () => Promise<void>;
}

async function refresh(part: Part): Promise<void> {
  try {
    await part.refresh();
  } catch (error) {
    // An own chain that does not verify has raised its alarm.
    if (!(error instanceof CryptoError)) throw error;
  }
}
