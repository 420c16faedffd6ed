-- The key this installation signs its receipts with: one, the same on every node, made by the one that needs it first.

create table receipt_keys (
  is_single boolean primary key default true check (is_single),
  -- PKCS #8 (RFC 5208, RFC 8410), DER.
  private_key bytea not null,
  created_at timestamptz not null default now()
);
