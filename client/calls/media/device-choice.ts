/** What a person can choose among several of. */
export type DeviceKind = 'microphone' | 'camera' | 'speaker';

/** Ids as the browser gives them to this site; null: whichever the browser takes. */
export type DeviceChoice = Readonly<Record<DeviceKind, string | null>>;

export interface DeviceOption {
  readonly deviceId: string;
  /** Empty as long as the browser has not been allowed to use any of its kind. */
  readonly label: string;
}

const kinds = { audioinput: 'microphone', videoinput: 'camera', audiooutput: 'speaker' } as const satisfies Record<
  MediaDeviceKind,
  DeviceKind
>;
const storageKey = (kind: DeviceKind): string => `device-${kind}`;

/** The microphone, camera and speaker this browser used last. A wish only: what is no longer plugged in gives way to another. */
export function rememberedDevices(): DeviceChoice {
  return {
    microphone: localStorage.getItem(storageKey('microphone')),
    camera: localStorage.getItem(storageKey('camera')),
    speaker: localStorage.getItem(storageKey('speaker')),
  };
}

export function rememberDevice(kind: DeviceKind, deviceId: string | null): void {
  if (deviceId === null) localStorage.removeItem(storageKey(kind));
  else localStorage.setItem(storageKey(kind), deviceId);
}

/** What can be chosen now. Browsers name devices only after the person has allowed one of the kind; nameless ones are left out. */
export async function listDevices(): Promise<Readonly<Record<DeviceKind, readonly DeviceOption[]>>> {
  const found: Record<DeviceKind, DeviceOption[]> = { microphone: [], camera: [], speaker: [] };
  if (!('mediaDevices' in navigator)) return found;
  for (const { kind, deviceId, label } of await navigator.mediaDevices.enumerateDevices()) {
    if (deviceId !== '' && label !== '') found[kinds[kind]].push({ deviceId, label });
  }
  return found;
}

/** Whether this browser lets a page choose where it sounds (not Safari). */
export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

/** Lets an element sound where the person chose; where that is gone, it sounds where the browser likes. */
export async function soundAt(element: HTMLMediaElement, deviceId: string | null): Promise<void> {
  if (!canChooseSpeaker()) return;
  await element.setSinkId(deviceId ?? '').catch(() => undefined);
}
