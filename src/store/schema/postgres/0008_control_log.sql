-- What concerns a user rather than a room, told to all nodes; and the nodes, which say so of themselves.

-- A row lives for as long as its node; what stops without a word is deleted a day later.
CREATE TABLE tb_node (
  node_id uuid NOT NULL PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  started_at timestamptz NOT NULL,
  heartbeat_at timestamptz NOT NULL,
  confirmed bigint[] NOT NULL,
  connections bigint NOT NULL,
  rooms bigint NOT NULL,
  stream_backlog_bytes bigint NOT NULL,
  stream_lag_ms bigint NOT NULL,
  resynced_at timestamptz
) WITH (fillfactor = 50);

-- Raised under its lock, which is taken after all others: so a reader at n has seen all up to n.
CREATE TABLE tb_control_position (
  partition_id smallint NOT NULL PRIMARY KEY,
  last_seq bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO tb_control_position (partition_id, last_seq) SELECT p, 0 FROM generate_series(0, 15) AS p;

-- An hour of them is kept.
CREATE TABLE tb_control_event (
  partition_id smallint NOT NULL,
  seq bigint NOT NULL,
  user_id uuid NOT NULL,
  kind varchar(32) NOT NULL,
  room_id uuid,
  room_seq bigint,
  other_id uuid,
  by_id uuid,
  word text,
  token_hashes text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partition_id, seq)
);
CREATE INDEX ix_control_event_created_at ON tb_control_event (created_at);
