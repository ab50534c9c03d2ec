-- Empties the oldest 5,000 messages that are older than :age, after copying them into archived_messages (see
-- docs/operations.md). Message ids begin with the time (UUID version 7, RFC 9562), so that their index finds the oldest.
-- Safe while nodes run: rows are locked for this one short transaction.
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS archived_messages (LIKE tb_messages);

WITH old AS (
  SELECT * FROM tb_messages
  WHERE message_id < (lpad(to_hex((extract(epoch FROM now() - interval :'age') * 1000)::bigint), 12, '0') || rpad('', 20, '0'))::uuid
    AND deleted_at IS NULL
  ORDER BY message_id LIMIT 5000 FOR UPDATE SKIP LOCKED
), kept AS (
  INSERT INTO archived_messages SELECT * FROM old
)
UPDATE tb_messages AS message
SET content = NULL, file_url = NULL, client_msg_id = NULL,
    deleted_at = now(), deleted_by = message.user_id, deleted_seq = message.seq
FROM old WHERE message.message_id = old.message_id;
