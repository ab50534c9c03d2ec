-- What people and their moderators need: where one is logged in, rooms that everybody has left, and the audit trail.

ALTER TABLE tb_token ADD COLUMN last_used_at TEXT;
ALTER TABLE tb_token ADD COLUMN user_agent TEXT;

-- Set when the last member is gone: nobody can come back.
ALTER TABLE tb_chat_rooms ADD COLUMN closed_at TEXT;

UPDATE tb_chat_rooms SET closed_at = created_at WHERE is_group = 1
  AND NOT EXISTS (SELECT 1 FROM tb_user_room m WHERE m.room_id = tb_chat_rooms.chat_room_id);

-- role_id 1 is `admin`. The last one that is active stays.
CREATE INDEX ix_users_admin ON tb_users (role_id, flagDelete) WHERE role_id = 1;

-- Only ever added to, in order of its ids. No actor: the operator.
CREATE TABLE tb_audit (
  audit_id TEXT NOT NULL PRIMARY KEY,
  created_at TEXT NOT NULL,
  actor_id TEXT REFERENCES tb_users (user_id),
  action TEXT NOT NULL,
  user_id TEXT REFERENCES tb_users (user_id),
  room_id TEXT REFERENCES tb_chat_rooms (chat_room_id),
  message_id TEXT,
  detail TEXT
) STRICT, WITHOUT ROWID;
CREATE TRIGGER tr_audit_no_update BEFORE UPDATE ON tb_audit
BEGIN
  SELECT raise(ABORT, 'tb_audit is only ever added to');
END;
CREATE TRIGGER tr_audit_no_delete BEFORE DELETE ON tb_audit
BEGIN
  SELECT raise(ABORT, 'tb_audit is only ever added to');
END;
