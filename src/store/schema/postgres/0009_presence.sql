-- Who is on, and on which nodes: the flag in tb_user_status is on while there is a row here.

CREATE TABLE tb_presence (
  user_id uuid NOT NULL,
  node_id uuid NOT NULL,
  since timestamptz NOT NULL,
  PRIMARY KEY (user_id, node_id)
);
CREATE INDEX ix_presence_node ON tb_presence (node_id);

-- Grows with each change of is_online, so that whoever hears of two knows which came last.
ALTER TABLE tb_user_status ADD COLUMN version bigint NOT NULL DEFAULT 0;
ALTER TABLE tb_control_event ADD COLUMN at timestamptz, ADD COLUMN version bigint;

-- Of a time when nobody wrote down where.
UPDATE tb_user_status SET is_online = 0 WHERE is_online = 1;
