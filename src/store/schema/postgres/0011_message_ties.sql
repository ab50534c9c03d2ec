-- A message's room and sender are looked at, under the lock of the room, by the statement that stores it; that each row asks for
-- both once more was a sixth of what PostgreSQL used for a message. Neither can go from behind it: tb_room_position has a
-- row of each room and tb_user_status one of each user, and these bear foreign keys (docs/decisions/0028).
ALTER TABLE tb_messages DROP CONSTRAINT tb_messages_user_id_fkey;
ALTER TABLE tb_messages DROP CONSTRAINT tb_messages_room_id_fkey;
COMMENT ON COLUMN tb_messages.user_id IS 'tb_users.user_id, kept so by append_sends and tb_user_status';
COMMENT ON COLUMN tb_messages.room_id IS 'tb_chat_rooms.chat_room_id, kept so by append_sends and tb_room_position';
