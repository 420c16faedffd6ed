import { changed, evil, type Planted, unchecked, unit } from './fault.ts';

const conduct = 'client/crypto/call-conduct.ts';
const round = 'client/crypto/call-round.ts';
const keys = 'client/crypto/call-keys.ts';
const mediaKey = 'client/crypto/media-key.ts';
const sframe = 'client/crypto/sframe.ts';
const sealer = 'client/crypto/frame-sealer.ts';
const opener = 'client/crypto/frame-opener.ts';
const frames = (attack: string) => unit('crypto/frames', attack);

/** Calls: attacks 39 to 47. */
export const callFaults: readonly Planted[] = [
  [
    '39 who proves nothing is refused',
    evil('calls', 'attack 39: somebody the server'),
    changed(conduct, 'else if (!this.#options.isGuest) await this.#refuse(member);', ''),
  ],
  ['39 and so is who signs with another key', evil('calls', 'attack 39: somebody the server'), unchecked(conduct, 'isHis')],
  ['39 another list of people is told', evil('calls', 'attack 39: somebody real'), unchecked(round, 'members.every(isListed)')],
  [
    '40 no more than the clear bytes',
    frames('attack 40'),
    changed(mediaKey, "return type === 'key' ? 10 : 1;", "return type === 'key' ? 100 : 1;"),
  ],
  [
    '41 what does not open is dropped',
    frames('attack 41'),
    changed(sframe, "throw new CryptoError('cannot_open', 'the frame does not open', { cause });", 'plaintext = sealed.slice();'),
  ],
  ['42 clear bytes are authenticated', frames('any single bit'), changed(sframe, 'additionalData.set(clear, header.length);', '')],
  ['42 copies', frames('a copy is dropped'), unchecked(opener, 'lane.window.accept(counter)')],
  [
    '42 the window',
    frames('the window lets each'),
    changed('client/crypto/replay-window.ts', 'counter > this.#highest - replayWindow && ', ''),
  ],
  ['43 whose frame, and of which track', frames('attack 43'), unchecked(opener, 'stream === streamOf[kind] && sender === this.#sender')],
  ['43 a key for each track', frames('attack 40'), changed(mediaKey, '(streamOf[kind] << 20) | ', '')],
  [
    '44 who comes gets the next step',
    evil('calls', 'attack 44:'),
    changed(keys, 'await ratchet(aes256GcmSha512, await importBaseKey(before.baseKey.slice()))', 'before.baseKey.slice()'),
  ],
  ['44 who goes does not get the next key', evil('calls', 'attack 44:'), changed(keys, 'if (gone.length > 0 ||', 'if (')],
  ['45 counters', frames('attack 45'), changed(sealer, 'lane.counter += 1;', '')],
  ['45 keys that were used', frames('attack 45'), unchecked(sealer, 'order > this.#newest')],
  ['45 keys that were taken', frames('attack 45'), changed(mediaKey, 'baseKey.fill(0);', '')],
  ['45 a generation twice', frames('attack 45'), unchecked(opener, 'key.generation > this.#newest')],
  ['45 another`s key', evil('calls', 'attack 45:'), unchecked(keys, '(this.#owners.get(nameOf(key)) ?? from) === from')],
  [
    '46 no key, no frame',
    frames('attack 46'),
    changed(sealer, "ensure(lane !== undefined, 'bad_key', 'no key to seal with');", 'if (!lane) return frame;'),
  ],
  ['47 for this call', evil('calls', 'attack 47: a word for'), changed(conduct, ' && signal.callId === this.#options.callId', '')],
  ['47 under keys in force', evil('calls', 'attack 47: a word for'), unchecked(conduct, 'isInForce')],
  ['47 what was committed to', evil('calls', 'attack 47: a word for'), unchecked(round, 'equalBytes(promised, part.commitment)')],
  ['47 one commitment', evil('calls', 'attack 47: a word for'), unchecked(round, 'part.commitment === null || equalBytes')],
  [
    '47 not before all commitments',
    evil('calls', 'attack 47: a word for'),
    changed(
      round,
      "ensure(part.commitment !== null && this.isCommitted, 'not_allowed', 'a reveal before all commitments');\n    const promised",
      'if (part.commitment === null) return [];\n    const promised',
    ),
  ],
  [
    '47 who was put out is not heard',
    evil('calls', 'attack 47: a word of'),
    changed(conduct, 'Boolean(signPk) || this.round.has(from)', 'true'),
  ],
];
