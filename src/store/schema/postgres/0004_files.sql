-- Files that people send, the key that signs their addresses, and what finds the messages that have one.

-- unsent_since: since when no message is known to have it; the sweep looks again at those. Null while one has it.
CREATE TABLE tb_file (
  file_id uuid NOT NULL PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  name text NOT NULL,
  file_url text NOT NULL,
  content_type text NOT NULL,
  size bigint NOT NULL CHECK (size >= 0),
  stage text NOT NULL CHECK (stage IN ('uploading', 'stored', 'going')),
  created_at timestamptz NOT NULL,
  unsent_since timestamptz
);
CREATE INDEX ix_file_user ON tb_file (user_id, size);
CREATE INDEX ix_file_unsent ON tb_file (unsent_since) WHERE unsent_since IS NOT NULL;

-- With files.url = "store:". Pictures do not get smaller by compressing them again.
CREATE TABLE tb_file_block (
  file_id uuid NOT NULL REFERENCES tb_file (file_id),
  block_no bigint NOT NULL CHECK (block_no >= 0),
  bytes bytea NOT NULL,
  PRIMARY KEY (file_id, block_no)
);
ALTER TABLE tb_file_block ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE INDEX ix_messages_file ON tb_messages (file_url) WHERE file_url IS NOT NULL;

CREATE TABLE tb_secret (
  name text NOT NULL PRIMARY KEY,
  value text NOT NULL
);
