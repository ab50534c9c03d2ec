-- A removal has an id, so that a ban put anew is not taken for the one that was lifted, and belongs to whoever asked
-- for it. Null when it was not asked for.

ALTER TABLE tb_room_ban ADD COLUMN removal_id uuid;
ALTER TABLE tb_room_ban ADD COLUMN removal_by uuid REFERENCES tb_users (user_id);
UPDATE tb_room_ban SET removal_id = gen_random_uuid(), removal_by = by_id WHERE removal_seen_at IS NOT NULL;
