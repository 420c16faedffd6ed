declare const brand: unique symbol;

/** Bytes as they travel in JSON: base64url without padding (RFC 4648 §5). */
export type Base64Url = string & { readonly [brand]: 'base64url' };

export function toBase64Url(bytes: Uint8Array): Base64Url {
  let binary = '';
  // In slices: String.fromCharCode takes a limited number of arguments.
  for (let start = 0; start < bytes.length; start += 0x8000) binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') as Base64Url;
}

/** Throws a RangeError on anything but the one canonical text of some bytes. */
export function fromBase64Url(text: string): Uint8Array {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) throw new RangeError('not base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  // Unused bits of the last character must be zero, or two texts would name the same bytes.
  if (toBase64Url(bytes.subarray(bytes.length - (bytes.length % 3))) !== text.slice(text.length - (text.length % 4)))
    throw new RangeError('not canonical base64url');
  return bytes;
}
