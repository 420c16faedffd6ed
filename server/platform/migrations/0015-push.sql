-- Browsers that are to be told when no page is open, and the key push services know this installation by.

create table push_keys (
  is_single boolean primary key default true check (is_single),
  public_key text not null,
  private_key text not null,
  created_at timestamptz not null default now()
);

create table push_subscriptions (
  endpoint text primary key check (length(endpoint) <= 1000),
  account_id text not null references accounts,
  -- Whoever signs out, or is signed out, is told nothing more.
  session_id text not null references sessions on delete cascade,
  public_key text not null,
  secret text not null,
  locale text not null,
  created_at timestamptz not null default now()
);
create index on push_subscriptions (account_id);
create index on push_subscriptions (session_id);
