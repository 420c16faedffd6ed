import { changed, evil, integration, pages, unchecked, unit, type Planted } from './fault.ts';

const link = 'server/protocol/link.ts';
const epochRules = 'server/protocol/epoch-rules.ts';
const verification = 'server/protocol/verification.ts';
const envelope = 'server/protocol/envelope.ts';
const reset = 'server/protocol/reset-statement.ts';
const log = 'client/conversations/conversation-log.ts';
const sync = 'client/conversations/conversation-sync.ts';
const file = 'client/crypto/file.ts';
const http = 'server/platform/http.ts';

/** Messages, files, ways in and limits: attacks 22 to 50. */
export const otherFaults: readonly Planted[] = [
  [
    '22 the header is authenticated',
    unit('crypto/envelope', 'by the server, without keys'),
    changed(envelope, "return lp('gim1/msg', headerBytes);", "return lp('gim1/msg', headerBytes.length - headerBytes.length);"),
  ],
  [
    '22 and signed',
    unit('crypto/envelope', 'by a reader, who has the key'),
    changed(
      envelope,
      "return lp(headerBytes, hash('gim1/b', body));",
      "return lp(headerBytes.length - headerBytes.length, hash('gim1/b', body));",
    ),
  ],
  [
    '23 the signature of a message',
    evil('messages', 'attack 23:'),
    changed(
      'client/crypto/envelope.ts',
      "verifySignature('gim1/msg-sig', messageStatement(headerBytes, body), signature, device.signPk),",
      'device.signPk.length > 0 || messageStatement(headerBytes, body),',
    ),
  ],
  [
    '24 ids that are known',
    evil('messages', 'attack 24: a message'),
    changed(
      'server/protocol/envelope-order.ts',
      "if (this.#messageIds.has(messageId)) return { verdict: 'duplicate' };",
      'this.#last.delete(device);',
    ),
  ],
  [
    '24 gaps',
    evil('messages', 'attack 24: messages'),
    changed(
      'server/protocol/envelope-order.ts',
      "if (header.deviceCounter > expected) return { verdict: 'gap', missing: header.deviceCounter - expected };",
      "if (header.deviceCounter > expected) return { verdict: 'next' };",
    ),
  ],
  [
    '24 counters used twice',
    evil('messages', 'attack 24: messages'),
    changed(
      'server/protocol/envelope-order.ts',
      "if (header.deviceCounter < expected) return { verdict: 'fork' };",
      "if (header.deviceCounter < expected) return { verdict: 'next' };",
    ),
  ],
  [
    '25 what the other has seen',
    evil('messages', 'attack 25: two'),
    changed(
      log,
      "if (seen !== null && !(ownRun && equalBytes(ownRun, seen.run))) this.warn(entry, { kind: 'other-history', senderId });",
      '',
    ),
  ],
  [
    '25 what does not fit is told',
    evil('messages', 'attack 25: messages'),
    changed(log, "this.#opened.push({ kind: 'warning', position, acceptedAt, warning });", ''),
  ],
  ['25 less than was shown before', evil('messages', 'attack 25: a message'), changed(sync, "this.#problems.add('rollback');", '')],
  [
    '25 the server signs what it stores',
    unit('client/lying-server', 'a receipt that the pinned key did not sign'),
    unchecked('server/protocol/receipt.ts', 'verifySignature(domain, statement(claim), signature, receiptPk)'),
  ],
  [
    '25 a wiped key signs nothing',
    unit('crypto/primitives', 'a key that was wiped'),
    unchecked('client/crypto/primitives.ts', '!is_zero(signSk)'),
  ],
  [
    '26 by the author',
    unit('crypto/envelope-order', 'attack 26'),
    changed(envelope, 'equalBytes(original.senderUser, change.senderUser);', 'true;'),
  ],
  [
    '27 bounded number of items',
    unit('crypto/codec', 'more items than any object has'),
    changed('server/protocol/codec.ts', 'items <= maxItems && offset < bytes.length', 'offset < bytes.length'),
  ],
  [
    '27 one encoding',
    unit('crypto/codec', 'refuses'),
    unchecked('server/protocol/codec.ts', 'isCborValue(value) && equalBytes(encodeCbor(value), bytes)'),
  ],
  [
    '27 bounded depth',
    unit('crypto/codec', 'refuses'),
    changed(
      'server/protocol/codec.ts',
      'remaining.length <= maxDepth && argument <= bytes.length - offset',
      'argument <= bytes.length - offset',
    ),
  ],
  [
    '28 each purpose its domain',
    unit('crypto/primitives', 'a signature made for another purpose'),
    changed('server/protocol/sodium.ts', 'return signed;', 'return message;'),
  ],
  [
    '28 weak keys',
    evil('weak-keys', 'attack 28: nothing is sealed'),
    changed(
      'client/crypto/seal.ts',
      "throw new CryptoError('bad_key', 'not an X-Wing public key', { cause });",
      'void cause;\n    return { ciphertext: new Uint8Array(1120), sharedSecret: new Uint8Array(32) };',
    ),
  ],
  ['29 a file ends where it says', unit('crypto/file', 'cut short'), unchecked(file, 'isFinal === (index === chunkCount - 1)')],
  [
    '29 the end of a file',
    unit('crypto/file', 'without its last chunk'),
    changed(file, "ensure(this.isDone, 'malformed', 'the end of the file is missing');", 'if (!this.isDone) return;'),
  ],
  [
    '29 the file the message names',
    unit('crypto/file', 'with the wrong key, header or hash'),
    unchecked(file, 'equalBytes(this.#hash.digest(), this.#file.hash)'),
  ],
  [
    '31 PRF results stay in the page',
    unit('client/passkeys', 'what a sign-in brings of PRF output stays here'),
    changed(
      'client/account/passkeys.ts',
      'const clientExtensionResults = enabled === undefined ? extensions : { ...extensions, prf: { enabled } };',
      'const clientExtensionResults = enabled === undefined && prf === undefined ? extensions : { ...extensions, prf };',
    ),
  ],
  [
    '32 the same value twice',
    integration('ways-in', 'with PRF that is'),
    changed(
      'client/account/prf-passkey.ts',
      'return second !== null && equalBytes(first, second) ? first : null;',
      'return second !== null ? first : null;',
    ),
  ],
  [
    '33 the user is verified',
    integration('passkeys', 'refused'),
    changed(
      'server/accounts/ceremony.ts',
      'expectedRPID: new URL(origin).hostname, requireUserVerification: true };',
      'expectedRPID: new URL(origin).hostname, requireUserVerification: false as true };',
    ),
  ],
  [
    '34 typing errors',
    unit('crypto/ways-in', 'with one wrong character'),
    changed(
      'client/crypto/recovery-code.ts',
      'checkOf(secret).every((value, index) => value === values[secretCharacters + index]),',
      'checkOf(secret).every((value, index) => value >= 0 || index === values.length),',
    ),
  ],
  [
    '35 the device whose code was read',
    unit('crypto/device-link', 'that swaps the new device'),
    unchecked('client/crypto/admitting-device.ts', 'code === null || equalBytes(code.commitment, commitment)'),
  ],
  [
    '35 what was announced',
    unit('crypto/device-link', 'that tries openings'),
    unchecked('client/crypto/device-link.ts', 'equalBytes(commitmentTo(deviceLinkId, opening), commitment)'),
  ],
  [
    '35 the account that let it in',
    unit('crypto/device-link', 'that draws the new device into another account'),
    unchecked('client/crypto/joining-device.ts', 'equalBytes(answer.mac, answerMac(code, answer))'),
  ],
  ['36 two registrars', unit('crypto/reset', 'by one registrar'), unchecked(reset, 'new Set(ids.map(String)).size === 2')],
  [
    '36 a day',
    unit('crypto/reset', 'before a day has passed'),
    unchecked(reset, 'body.notBefore >= earliest && createdAt >= body.notBefore'),
  ],
  ['36 what registrars have signed', unit('crypto/reset', 'with a word that was changed'), unchecked(reset, 'isSigned')],
  [
    '37 a reset is said',
    unit('crypto/after-reset', 'gets nothing sealed under the name'),
    changed(epochRules, "isRestored === (link.reason === 'restored'),", "isRestored || link.reason !== 'restored',"),
  ],
  ['38 revoked devices have signed nothing', evil('removals', 'attack 38:'), unchecked(verification, 'isActive')],
  [
    '38 nothing of theirs arrives',
    unit('client/lying-server', 'attack 38'),
    changed(log, 'this.#refused.add(position);', 'this.#refused.delete(position);'),
  ],
  [
    '38 their sessions end',
    integration('devices', 'sessions of a revoked device end'),
    changed(
      'server/accounts/extension.ts',
      'await sessions.remove(accountId, { deviceIds: revoked });',
      'await sessions.remove(accountId, { deviceIds: [] });',
    ),
  ],
  [
    '48 names of passkeys are sealed',
    evil('canary', 'attack 48:'),
    changed(
      'client/crypto/short-text.ts',
      "return encryptJoined(padded, associatedData, deriveKey(puk.seed, 5, 'gim1-puk'));",
      'return associatedData.length > 0 ? padded : bytes;',
    ),
  ],
  [
    '48 drafts are sealed where they lie',
    evil('canary', 'attack 48:'),
    changed('client/storage/texts.ts', 'await vault.seal(new TextEncoder().encode(text), key)', 'new TextEncoder().encode(text)'),
  ],
  [
    '49 no inline script',
    pages,
    changed(
      http,
      "'script-src': [\"'self'\", \"'wasm-unsafe-eval'\"],",
      "'script-src': [\"'self'\", \"'wasm-unsafe-eval'\", \"'unsafe-inline'\"],",
    ),
  ],
  ['49 trusted types', pages, changed(http, "'require-trusted-types-for': [\"'script'\"],", '')],
  ['50 the length of a chain', evil('limits', 'attack 50: a hundred'), unchecked(link, 'links.length <= maxLinks[kind]')],
  [
    '50 the readers of an epoch',
    evil('limits', 'attack 50: an epoch'),
    changed('server/protocol/limits.ts', 'readersPerEpoch: 400,', 'readersPerEpoch: 500,'),
  ],
  ['50 a page of entries', evil('limits', 'attack 50: an epoch'), unchecked(sync, 'entries.length <= limits.entriesPerPage')],
];
