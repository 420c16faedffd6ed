import type { Id } from '../../server/protocol/ids.ts';

/** An id as a page's address names it. Whether there is such a thing, the server says. */
export function addressId<Kind extends string>(part: string | undefined): Id<Kind> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where a string of the address becomes an id
  return (part ?? '') as Id<Kind>;
}
