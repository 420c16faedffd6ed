/** In the order in which they are listed everywhere. */
export const locales = ['lb', 'fr', 'de', 'en', 'pt'] as const;
export type Locale = (typeof locales)[number];
/** A text of the operator's data, in all five languages. */
export type LocalisedText = Readonly<Record<Locale, string>>;
