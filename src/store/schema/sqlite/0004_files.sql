-- Files that people send, the key that signs their addresses, and what finds the messages that have one.

-- unsent_since: since when no message is known to have it; the sweep looks again at those. Null while one has it.
CREATE TABLE tb_file (
  file_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  name TEXT NOT NULL,
  file_url TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0),
  stage TEXT NOT NULL CHECK (stage IN ('uploading', 'stored', 'going')),
  created_at TEXT NOT NULL,
  unsent_since TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_file_user ON tb_file (user_id, size);
CREATE INDEX ix_file_unsent ON tb_file (unsent_since) WHERE unsent_since IS NOT NULL;

-- With files.url = "store:".
CREATE TABLE tb_file_block (
  file_id TEXT NOT NULL REFERENCES tb_file (file_id),
  block_no INTEGER NOT NULL CHECK (block_no >= 0),
  bytes BLOB NOT NULL,
  PRIMARY KEY (file_id, block_no)
) STRICT;

CREATE INDEX ix_messages_file ON tb_messages (file_url) WHERE file_url IS NOT NULL;

CREATE TABLE tb_secret (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
