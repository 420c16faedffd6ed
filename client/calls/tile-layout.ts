import type { AccountId } from '../../server/protocol/ids.ts';
import type { TilePerson } from './people/tile-person.ts';

export interface Tile {
  readonly person: TilePerson;
  readonly shows: 'camera' | 'screen';
}

/** Who is drawn large, and who small below them. */
export interface TileLayout {
  readonly large: readonly Tile[];
  readonly small: readonly Tile[];
}

/** What the person has pinned or unpinned by hand; an interpreter is pinned until he says otherwise. */
export type Pins = ReadonlyMap<AccountId, boolean>;

export function isPinned({ accountId, role }: TilePerson, pins: Pins): boolean {
  return pins.get(accountId) ?? role === 'interpreter';
}

/**
 * A screen that is shown comes first, with whoever is pinned: somebody who follows an interpreter's hands needs both. Without one,
 * the pinned are large; an interpreter alone never hides whom he interprets, and both are of one size. Nobody pinned: all alike.
 */
export function layTiles(others: readonly TilePerson[], pins: Pins): TileLayout {
  const screens = others.filter(({ screen }) => screen !== null).map((person) => ({ person, shows: 'screen' as const }));
  const pinned = others.filter((person) => isPinned(person, pins) && person.isHere);
  const faces = pinned.every(({ role }) => role === 'interpreter') && screens.length === 0 ? [...partnerOf(others), ...pinned] : pinned;
  const large = screens.length === 0 && pinned.length === 0 ? others : [...new Set(faces)];
  return {
    large: [...screens, ...large.map(faceOf)],
    small: others.filter((person) => !large.includes(person)).map(faceOf),
  };
}

/** The one the call is with: the official for everybody but himself, to whom it is the citizen. */
function partnerOf(others: readonly TilePerson[]): readonly TilePerson[] {
  const partner = others.find(({ role }) => role === 'official') ?? others.find(({ role }) => role === 'citizen');
  return partner === undefined ? [] : [partner];
}

function faceOf(person: TilePerson): Tile {
  return { person, shows: 'camera' };
}
