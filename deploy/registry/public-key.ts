/** A registry key as people read it to each other: 64 hexadecimal digits in eight groups. */
export function publicKeyText(key: Uint8Array): string {
  return (Buffer.from(key).toString('hex').match(/.{8}/g) ?? []).join('-');
}

/** Null when the text is no such key. */
export function readPublicKey(text: string): Uint8Array | null {
  const digits = text.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? new Uint8Array(Buffer.from(digits, 'hex')) : null;
}
