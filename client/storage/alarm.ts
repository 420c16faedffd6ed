/** Something about keys that a person must be told in words: the server shows another past than before, or keys that do not verify. */
export type Alarm =
  | { readonly kind: 'registry-changed' }
  | { readonly kind: 'rollback'; readonly chain: 'account' | 'inbox'; readonly id: string }
  | { readonly kind: 'chain-invalid'; readonly chain: 'account' | 'inbox'; readonly id: string };

export type RaiseAlarm = (alarm: Alarm) => void;
