-- A removal has an id, so that a ban put anew is not taken for the one that was lifted, and belongs to whoever asked
-- for it. Null when it was not asked for.

ALTER TABLE tb_room_ban ADD COLUMN removal_id TEXT;
ALTER TABLE tb_room_ban ADD COLUMN removal_by TEXT REFERENCES tb_users (user_id);
-- Any id will do: of a lifted ban nothing is under way while the schema changes.
UPDATE tb_room_ban SET removal_id = user_id, removal_by = by_id WHERE removal_seen_at IS NOT NULL;
