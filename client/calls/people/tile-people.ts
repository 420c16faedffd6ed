import type { CallParticipant, CallRole, CallView, PictureQuality } from '../../../server/protocol/calls.ts';
import { t } from '../../i18n/translate.ts';
import type { CallPerson, OwnPart, RemoteTrack } from '../call-connection.ts';
import type { OwnDevicesState } from '../media/own-devices.ts';
import type { OwnTilePerson, TilePerson } from './tile-person.ts';

/** Somebody's name as this side reads it, and what he is here. */
export type NamePerson = (person: CallParticipant, call: CallView | null) => { readonly name: string; readonly title: string };

/** The others of a call as tiles: nothing is shown or played that did not decrypt. */
export function tilePeople(
  people: readonly CallPerson[],
  nameOf: (person: CallParticipant) => ReturnType<NamePerson>,
): readonly TilePerson[] {
  return people.filter(isDrawn).map((person) => {
    const { accountId, role, isHere, tracks, isSpeaking, isSigning, trust } = person;
    const from = (source: RemoteTrack['source']): RemoteTrack | undefined => tracks.find((track) => track.source === source);
    const [microphone, camera, screen] = [from('microphone'), from('camera'), from('screen')];
    return {
      accountId,
      role,
      ...nameOf(person),
      isHere,
      camera: shownTrack(camera),
      screen: shownTrack(screen),
      voice: microphone?.track ?? null,
      isMuted: microphone === undefined || microphone.paused,
      isSpeaking,
      isSigning,
      quality: qualityOf(screen ?? camera),
      trust,
    };
  });
}

/** Citizen and official belong to the call; others are drawn while they are there, or were asked by name and are expected. */
function isDrawn({ role, isHere }: CallPerson): boolean {
  return isHere || role === 'citizen' || role === 'official' || role === 'colleague';
}

function shownTrack(track: RemoteTrack | undefined): MediaStreamTrack | null {
  return track === undefined || track.paused || !track.isDecrypting || track.quality === 'none' ? null : track.track;
}

function qualityOf(track: RemoteTrack | undefined): PictureQuality {
  return track === undefined || track.paused ? 'full' : track.quality;
}

/** Oneself as a tile. */
export function ownTilePerson({ role, own, devices }: { role: CallRole; own: OwnPart; devices: OwnDevicesState }): OwnTilePerson {
  const { microphone, camera } = devices;
  return {
    role,
    name: t('calls.you'),
    title: '',
    isHere: true,
    camera: 'track' in camera ? camera.track : null,
    screen: null,
    voice: null,
    isMuted: microphone.state !== 'on',
    isSpeaking: own.isSpeaking,
    isSigning: own.isSigning,
    quality: 'full',
    trust: 'encrypted',
  };
}
