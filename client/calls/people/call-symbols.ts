import type { MessageKey } from '../../i18n/areas.ts';
import { t } from '../../i18n/translate.ts';

/** The pictures two people compare, by their place in the agreement (client/crypto/call-check.ts); the list of the Matrix specification. */
const symbols = [
  ['🐶', 'safety.dog'],
  ['🐱', 'safety.cat'],
  ['🦁', 'safety.lion'],
  ['🐎', 'safety.horse'],
  ['🦄', 'safety.unicorn'],
  ['🐷', 'safety.pig'],
  ['🐘', 'safety.elephant'],
  ['🐰', 'safety.rabbit'],
  ['🐼', 'safety.panda'],
  ['🐓', 'safety.rooster'],
  ['🐧', 'safety.penguin'],
  ['🐢', 'safety.turtle'],
  ['🐟', 'safety.fish'],
  ['🐙', 'safety.octopus'],
  ['🦋', 'safety.butterfly'],
  ['🌷', 'safety.flower'],
  ['🌳', 'safety.tree'],
  ['🌵', 'safety.cactus'],
  ['🍄', 'safety.mushroom'],
  ['🌏', 'safety.globe'],
  ['🌙', 'safety.moon'],
  ['☁️', 'safety.cloud'],
  ['🔥', 'safety.fire'],
  ['🍌', 'safety.banana'],
  ['🍎', 'safety.apple'],
  ['🍓', 'safety.strawberry'],
  ['🌽', 'safety.corn'],
  ['🍕', 'safety.pizza'],
  ['🎂', 'safety.cake'],
  ['❤️', 'safety.heart'],
  ['😀', 'safety.smiley'],
  ['🤖', 'safety.robot'],
  ['🎩', 'safety.hat'],
  ['👓', 'safety.glasses'],
  ['🔧', 'safety.spanner'],
  ['🎅', 'safety.santa'],
  ['👍', 'safety.thumbsUp'],
  ['☂️', 'safety.umbrella'],
  ['⌛', 'safety.hourglass'],
  ['⏰', 'safety.clock'],
  ['🎁', 'safety.gift'],
  ['💡', 'safety.bulb'],
  ['📕', 'safety.book'],
  ['✏️', 'safety.pencil'],
  ['📎', 'safety.paperclip'],
  ['✂️', 'safety.scissors'],
  ['🔒', 'safety.lock'],
  ['🔑', 'safety.key'],
  ['🔨', 'safety.hammer'],
  ['☎️', 'safety.telephone'],
  ['🏁', 'safety.flag'],
  ['🚂', 'safety.train'],
  ['🚲', 'safety.bicycle'],
  ['✈️', 'safety.aeroplane'],
  ['🚀', 'safety.rocket'],
  ['🏆', 'safety.trophy'],
  ['⚽', 'safety.ball'],
  ['🎸', 'safety.guitar'],
  ['🎺', 'safety.trumpet'],
  ['🔔', 'safety.bell'],
  ['⚓', 'safety.anchor'],
  ['🎧', 'safety.headphones'],
  ['📁', 'safety.folder'],
  ['📌', 'safety.pin'],
] as const satisfies readonly (readonly [string, MessageKey])[];

export interface CallSymbol {
  readonly picture: string;
  /** What one says for it: a picture may look another way on another device, or not at all. */
  readonly name: string;
}

/** The picture and its name, from its place 0 … 63. */
export function callSymbol(index: number): CallSymbol {
  const [picture, key] = symbols[index] ?? symbols[0];
  return { picture, name: t(key) };
}
