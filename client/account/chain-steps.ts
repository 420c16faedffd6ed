import { equalBytes } from '../../server/protocol/sodium.ts';
import { activeDevices } from '../../server/protocol/user-state.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import { acceptDevice, addDevice, revokeDevices } from '../crypto/user-keys.ts';
import type { ChainStep } from './extend-account.ts';

/** Adds a device whose keys are at hand here: a passkey's, the recovery code's. */
export function addOwnDevice(newDevice: DeviceKeys, label: string): ChainStep {
  return unlessThere(newDevice.deviceId, (moment) => {
    const sealed = addDevice({ ...moment, newDevice, label });
    return { ...sealed, link: acceptDevice(sealed.link, newDevice, moment.state.userId) };
  });
}

/** No link when the device is in the account already: the answer to an earlier try was lost. */
export function unlessThere(deviceId: Uint8Array, step: ChainStep): ChainStep {
  return (moment) => (activeDevices(moment.state).some((device) => equalBytes(device.deviceId, deviceId)) ? null : step(moment));
}

/** Revokes those of the devices that are still active, and gives the others a new key. No link when there is none left to revoke. */
export function revoke(deviceIds: readonly Uint8Array[]): ChainStep {
  return (moment) => {
    const active = activeDevices(moment.state).filter(({ deviceId }) => deviceIds.some((id) => equalBytes(id, deviceId)));
    return active.length === 0 ? null : revokeDevices({ ...moment, deviceIds: active.map(({ deviceId }) => deviceId) });
  };
}

/** Puts a new recovery code in place of those before it, which end with a new key. */
export function replaceRecoveryCode(newDevice: DeviceKeys): readonly ChainStep[] {
  const revokeEarlier: ChainStep = (moment) => {
    const codes = activeDevices(moment.state).filter(({ kind }) => kind === 'recovery');
    return revoke(codes.map(({ deviceId }) => deviceId).filter((id) => !equalBytes(id, newDevice.deviceId)))(moment);
  };
  return [revokeEarlier, addOwnDevice(newDevice, '')];
}
