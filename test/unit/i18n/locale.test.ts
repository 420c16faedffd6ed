import { describe, expect, it } from 'vitest';
import { negotiate, splitPath } from '../../../client/i18n/locale.ts';

describe('the language of a visit', () => {
  it('is the first wanted one that we speak, Luxembourgish when there is none', () => {
    expect(negotiate(['nl', 'pt-BR', 'fr'])).toBe('pt');
    expect(negotiate(['DE-AT'])).toBe('de');
    expect(negotiate(['nl', 'it'])).toBe('lb');
    expect(negotiate([])).toBe('lb');
  });

  it('stands first in the path', () => {
    expect(splitPath('/fr/conversations/abc')).toEqual({ locale: 'fr', path: '/conversations/abc' });
    expect(splitPath('/lb')).toEqual({ locale: 'lb', path: '/' });
    expect(splitPath('/assets/index.js')).toBeNull();
    expect(splitPath('/')).toBeNull();
  });
});
