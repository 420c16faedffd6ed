import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { GenerationBoxes, SignedLink } from '../../server/protocol/offices.ts';
import type { SealedLink, StoredBoxes } from '../crypto/generation-keys.ts';

/** A link and its boxes as they travel. */
export function toSignedLink({ link, boxes, prevBox }: SealedLink): SignedLink {
  return { link: toBase64Url(link), boxes: boxes.map(toBase64Url), previousBox: prevBox === null ? null : toBase64Url(prevBox) };
}

/** The server's boxes as the cryptography takes them. */
export function toStoredBoxes(generations: readonly GenerationBoxes[]): StoredBoxes[] {
  return generations.map(({ generation, box, previousBox }) => ({
    generation,
    box: box === null ? null : fromBase64Url(box),
    prevBox: previousBox === null ? null : fromBase64Url(previousBox),
  }));
}
