import type { ErrorCode } from '../../server/protocol/errors.ts';
import type de from './de/errors.json';
import type en from './en/errors.json';
import type fr from './fr/errors.json';
import type lb from './lb/errors.json';
import type pt from './pt/errors.json';
import { t } from './translate.ts';

type InEveryLanguage<Catalogues extends readonly Record<ErrorCode, string>[]> = Catalogues;

/** A code without its sentence in all five languages does not compile here. */
export type ErrorCatalogues = InEveryLanguage<[typeof lb, typeof fr, typeof de, typeof en, typeof pt]>;

/** The sentence a person reads for an error. */
export function errorText(code: ErrorCode): string {
  return t(`errors.${code}`);
}
