-- Ciphertext in order. `head` is the row-locked counter that positions are taken from.

create table conversations (
  conversation_id text primary key,
  reference text not null unique,
  service_id text not null references services,
  office_id text not null references offices,
  inbox_id text not null,
  citizen_id text not null references accounts,
  state text not null default 'open' check (state in ('open', 'closed')),
  head integer not null,
  epoch integer not null,
  run bytea not null,
  opened_at timestamptz not null,
  last_activity_at timestamptz not null
);
create index on conversations (citizen_id, last_activity_at desc);
create index on conversations (inbox_id, last_activity_at desc);
create index on conversations (last_activity_at);

create sequence conversation_references;

create table entries (
  conversation_id text not null references conversations,
  position integer not null,
  kind text not null check (kind in ('epoch', 'message', 'event')),
  bytes bytea not null,
  -- Of messages: with the sending device unique, so that a repeat finds the first.
  device_id text,
  message_id text,
  -- Of epochs.
  epoch integer,
  previous_box bytea,
  run bytea not null,
  accepted_at timestamptz not null,
  primary key (conversation_id, position),
  unique (conversation_id, device_id, message_id),
  unique (conversation_id, epoch),
  check ((kind = 'message') = (message_id is not null and device_id is not null)),
  check ((kind = 'epoch') = (epoch is not null))
);

create table epoch_boxes (
  conversation_id text not null,
  epoch integer not null,
  reader_kind text not null check (reader_kind in ('user', 'inbox', 'member')),
  reader_id text not null,
  generation integer not null,
  box bytea not null,
  primary key (conversation_id, epoch, reader_kind, reader_id),
  foreign key (conversation_id, epoch) references entries (conversation_id, epoch)
);

create table read_positions (
  conversation_id text not null references conversations,
  account_id text not null references accounts,
  position integer not null,
  primary key (conversation_id, account_id)
);
