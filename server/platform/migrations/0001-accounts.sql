-- Who signs in, with what, and the chain of keys that says who they are.

create table accounts (
  account_id text primary key,
  -- WebAuthn user handle: random, tells nothing. Null for accounts without a passkey (the owner's program).
  handle bytea unique,
  role text not null check (role in ('citizen', 'official', 'supervisor', 'admin', 'owner')),
  display_name text,
  office_id text,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  check ((role = 'citizen') = (display_name is null))
);

create table passkeys (
  credential_id text primary key,
  account_id text not null references accounts,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  backup_eligible boolean not null,
  backed_up boolean not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);
create index on passkeys (account_id);

-- Single use: taken by `delete … returning`.
create table challenges (
  challenge_id text primary key,
  purpose text not null check (purpose in ('registration', 'authentication', 'device')),
  challenge text not null,
  -- The browser that asked, by the hash of its pre-session cookie.
  browser_hash bytea not null,
  handle bytea,
  -- Whom a device signs in; not a reference, so that a name nobody has gets a challenge like any other.
  account_id text,
  -- Of the invitation a registration is for.
  token_hash bytea,
  address text not null,
  expires_at timestamptz not null
);
create index on challenges (expires_at);
create index on challenges (address, expires_at desc);

create table sessions (
  session_id text primary key,
  token_hash bytea not null unique,
  account_id text not null references accounts,
  device_id text,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index on sessions (account_id);

create table invitations (
  invitation_id text primary key,
  token_hash bytea not null unique,
  role text not null check (role in ('official', 'supervisor', 'admin')),
  office_id text not null,
  display_name text not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  account_id text references accounts,
  proof bytea,
  check ((used_at is null) = (account_id is null))
);

create table user_links (
  account_id text not null references accounts,
  seqno integer not null,
  link bytea not null,
  primary key (account_id, seqno)
);

create table user_generations (
  account_id text not null references accounts,
  generation integer not null,
  previous_box bytea,
  primary key (account_id, generation)
);

create table user_boxes (
  account_id text not null,
  generation integer not null,
  device_id text not null,
  box bytea not null,
  primary key (account_id, generation, device_id),
  foreign key (account_id, generation) references user_generations
);
