-- What people and their moderators need: where one is logged in, rooms that everybody has left, and the audit trail.

ALTER TABLE tb_token ADD COLUMN last_used_at timestamptz;
ALTER TABLE tb_token ADD COLUMN user_agent text;

-- Set when the last member is gone: nobody can come back.
ALTER TABLE tb_chat_rooms ADD COLUMN closed_at timestamptz;

UPDATE tb_chat_rooms SET closed_at = created_at WHERE is_group = 1
  AND NOT EXISTS (SELECT 1 FROM tb_user_room m WHERE m.room_id = tb_chat_rooms.chat_room_id);

-- role_id 1 is `admin`. The last one that is active stays.
CREATE INDEX ix_users_admin ON tb_users (role_id, flagDelete) WHERE role_id = 1;

-- Only ever added to, in order of its ids. No actor: the operator. Without a key to messages, which are archived.
CREATE TABLE tb_audit (
  audit_id uuid NOT NULL PRIMARY KEY,
  created_at timestamptz NOT NULL,
  actor_id uuid REFERENCES tb_users (user_id),
  action text NOT NULL,
  user_id uuid REFERENCES tb_users (user_id),
  room_id uuid REFERENCES tb_chat_rooms (chat_room_id),
  message_id uuid,
  detail text
);
CREATE FUNCTION fn_audit_is_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'tb_audit is only ever added to';
END $$;
CREATE TRIGGER tr_audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON tb_audit
  FOR EACH STATEMENT EXECUTE FUNCTION fn_audit_is_added_to();
