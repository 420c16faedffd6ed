-- Files of conversations, sealed by their senders. The bytes lie outside (attachments/blobs.ts); what counts is what stands here.

create table attachments (
  file_id text primary key,
  conversation_id text not null references conversations,
  -- Whose quota they count for.
  office_id text not null references offices,
  account_id text not null references accounts,
  bytes integer not null check (bytes > 0),
  -- From the beginning, on the disk.
  received integer not null default 0 check (received between 0 and bytes),
  -- finishing: complete, no part is taken any more, the hash is being looked at.
  state text not null default 'open' check (state in ('open', 'finishing', 'stored')),
  began_at timestamptz not null,
  touched_at timestamptz not null,
  check (state = 'open' or received = bytes)
);
create index on attachments (account_id, began_at);
create index on attachments (conversation_id);
create index on attachments (office_id);
create index on attachments (touched_at) where state <> 'stored';
