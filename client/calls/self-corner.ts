/** The corners in which one's own picture can stand, in the order in which it goes round. */
const corners = ['top-end', 'bottom-end', 'bottom-start', 'top-start'] as const;
export type Corner = (typeof corners)[number];

const key = 'self-corner';

/** Where the person has put his own picture last. */
export function rememberedCorner(): Corner {
  const kept = localStorage.getItem(key);
  return corners.find((corner) => corner === kept) ?? 'top-end';
}

/** The next corner, remembered for the next call. */
export function nextCorner(corner: Corner): Corner {
  const next = corners[(corners.indexOf(corner) + 1) % corners.length] ?? 'top-end';
  localStorage.setItem(key, next);
  return next;
}
