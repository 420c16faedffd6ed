-- More than one way into an account: passkeys that are added, devices that are let in, the recovery code, and the reset when all is lost.

-- Sealed under the account's own key: what the person calls it.
alter table passkeys add column label bytea;

-- When a passkey was last shown in the session, and the one it was opened with.
alter table sessions add column confirmed_at timestamptz;
alter table sessions add column credential_id text;

-- Whose recovery code it is.
create index on user_boxes (device_id);

alter table challenges drop constraint challenges_purpose_check;
alter table challenges add constraint challenges_purpose_check check (
  purpose in ('registration', 'addition', 'link', 'reset', 'authentication', 'confirmation', 'device', 'binding', 'recovery')
);
-- The session it is for, the link or the reset it follows, the device that recovers.
alter table challenges add column subject text;

-- A new device and one of the account's, exchanging what the server does not understand.
create table device_links (
  device_link_id text primary key,
  number text not null unique,
  -- The new device's browser.
  browser_hash bytea not null,
  address text not null,
  -- The account that claimed the link, and how long its chain was then.
  account_id text references accounts,
  claimed_seqno integer,
  is_over boolean not null default false,
  expires_at timestamptz not null,
  check ((account_id is null) = (claimed_seqno is null))
);
create index on device_links (expires_at);
create index on device_links (address);

create table device_link_messages (
  device_link_id text not null references device_links on delete cascade,
  side text not null check (side in ('new', 'old')),
  index integer not null,
  message bytea not null,
  primary key (device_link_id, side, index)
);

create table resets (
  reset_id text primary key,
  -- The browser the person asked with.
  browser_hash bytea not null,
  address text not null,
  number text not null,
  -- The reference the person gave; null for somebody who was signed in.
  about text,
  -- Null when nobody has such a reference.
  account_id text references accounts,
  -- The passkey the person was signed in with.
  credential_id text,
  looked_at timestamptz,
  draft bytea,
  not_before timestamptz,
  -- Of the reset link, and whether the first passkey after it has been made.
  done_seqno integer,
  has_passkey boolean not null default false,
  state text not null default 'requested' check (state in ('requested', 'attested', 'done', 'cancelled')),
  requested_at timestamptz not null default now(),
  expires_at timestamptz not null,
  check (state <> 'attested' or (draft is not null and not_before is not null)),
  check ((state = 'done') = (done_seqno is not null))
);
create unique index on resets (number) where state in ('requested', 'attested');
create index on resets (account_id);
create index on resets (address);

create table reset_attestations (
  reset_id text not null references resets on delete cascade,
  account_id text not null references accounts,
  attestation bytea not null,
  attested_at timestamptz not null,
  primary key (reset_id, account_id)
);
