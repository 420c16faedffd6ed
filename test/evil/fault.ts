/** One check of the product, and how it looks when somebody has switched it off. */
export interface Fault {
  /** Number of the attack in crypto.md §13, and what is switched off. */
  readonly id: string;
  /** The test that must fail then: a file, and what its name contains. */
  readonly test: { readonly file: string; readonly name: string };
  readonly file: string;
  /** Occurs once in the file. */
  readonly search: string;
  readonly replace: string;
}

type Test = Fault['test'];
type Change = Pick<Fault, 'file' | 'search' | 'replace'>;
export type Planted = readonly [id: string, test: Test, change: Change];

export const evil = (name: string, attack: string): Test => ({ file: `test/evil/${name}.test.ts`, name: attack });
export const unit = (name: string, sentence: string): Test => ({ file: `test/unit/${name}.test.ts`, name: sentence });
export const integration = (name: string, sentence: string): Test => ({ file: `test/integration/${name}.test.ts`, name: sentence });
export const pages: Test = { file: 'test/scenario/script-injection.test.ts', name: 'attack 49' };

/** An `ensure` whose condition no longer matters. */
export const unchecked = (file: string, condition: string): Change => ({
  file,
  search: `ensure(${condition}`,
  replace: `ensure(true || ${condition}`,
});
export const changed = (file: string, search: string, replace: string): Change => ({ file, search, replace });
