import type { MediaKind } from 'mediasoup-client/types';

/**
 * Why there is no camera or microphone: `denied` by the person or the page's policy, `blocked-by-system` by the operating
 * system's privacy settings, `none` is plugged in, `busy` in another program, `insecure` page without HTTPS, `failed` otherwise.
 */
export type MediaFailure = 'denied' | 'blocked-by-system' | 'none' | 'busy' | 'insecure' | 'failed';

export type MediaResult = { readonly ok: true; readonly track: MediaStreamTrack } | { readonly ok: false; readonly failure: MediaFailure };

/** As long as a face and hands need. 4:3, so that hands stay in the picture. */
const picture = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 30, max: 30 },
} as const satisfies MediaTrackConstraints;
const sound = { echoCancellation: true, noiseSuppression: true, autoGainControl: true } as const satisfies MediaTrackConstraints;

/**
 * Opens one microphone or one camera; never both in one question, so that whoever has no camera still gets a voice.
 * The caller stops the track. A device that has been unplugged gives way to another one.
 */
export async function openDevice(kind: MediaKind, deviceId?: string): Promise<MediaResult> {
  // Typed as always there; absent where the page is not a secure context.
  if (!('mediaDevices' in navigator)) return { ok: false, failure: 'insecure' };
  const wish = kind === 'audio' ? sound : picture;
  // As a mere wish Chromium passes it over in favour of its first device.
  const result = await openWith(kind, deviceId === undefined ? wish : { ...wish, deviceId: { exact: deviceId } });
  return deviceId !== undefined && !result.ok && result.failure === 'none' ? await openWith(kind, wish) : result;
}

async function openWith(kind: MediaKind, wish: MediaTrackConstraints): Promise<MediaResult> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(kind === 'audio' ? { audio: wish } : { video: wish });
    const [track] = stream.getTracks();
    return track ? { ok: true, track } : { ok: false, failure: 'none' };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

/** Whether this browser can show a screen (phones cannot). */
export function canShareScreen(): boolean {
  return 'mediaDevices' in navigator && 'getDisplayMedia' in navigator.mediaDevices;
}

/** Asks the person for a screen or window; without its sound. The caller stops the track. */
export async function openScreen(): Promise<MediaResult> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false });
    const [track] = stream.getVideoTracks();
    if (!track) return { ok: false, failure: 'none' };
    // Letters are to stay sharp.
    track.contentHint = 'detail';
    return { ok: true, track };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

/** Media Capture and Streams §10.3.2 (getUserMedia) names the errors; that the system refused is only in Chromium's message. */
export function failureOf(error: unknown): MediaFailure {
  if (!(error instanceof DOMException)) return 'failed';
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return /denied by system/i.test(error.message) ? 'blocked-by-system' : 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'none';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}
