/** What a person takes for one character: an accent with its letter, a family of emoji (Unicode TR29). The same in every language. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
