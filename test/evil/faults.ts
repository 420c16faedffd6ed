/** One check of the product, and how it looks when somebody has switched it off. */
export interface Fault {
  /** Number of the attack in crypto.md §13 and what is switched off. */
  readonly id: string;
  readonly attack: number;
  /** The test that must fail then: a file, and what its name contains. */
  readonly test: { readonly file: string; readonly name: string };
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

const chains = 'test/evil/chains.test.ts';

/** For each defence the fault that its test is there to find. */
export const faults: readonly Fault[] = [
  {
    id: '1 signatures of a link',
    attack: 1,
    test: { file: chains, name: 'attack 1:' },
    file: 'server/protocol/link.ts',
    search: "verifySignature('gim1/link-sig', link.outerBytes, found.signature, device.signPk);",
    replace: 'true;',
  },
];
