-- Empties the next 5,000 messages that are older than :age, after copying them into archived_messages (see
-- docs/operations.md). Message ids begin with the time (UUID version 7, RFC 9562), so their index is walked from where the
-- last run ended, which archive_progress keeps.
-- Safe while nodes run: the rooms concerned are locked for this one short transaction, in the nodes' own order, so that
-- an edit either is in the copy or finds the message gone.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS archived_messages (LIKE tb_messages);
CREATE TABLE IF NOT EXISTS archive_progress (message_id uuid NOT NULL);

BEGIN;
LOCK TABLE archive_progress IN EXCLUSIVE MODE;
CREATE TEMPORARY TABLE old ON COMMIT DROP AS
  SELECT message_id, room_id FROM tb_messages
  WHERE message_id > coalesce((SELECT message_id FROM archive_progress), '00000000-0000-0000-0000-000000000000')
    AND message_id < (lpad(to_hex((extract(epoch FROM now() - interval :'age') * 1000)::bigint), 12, '0') || rpad('', 20, '0'))::uuid
  ORDER BY message_id LIMIT 5000;

SELECT count(*) AS seen FROM old \gset
SELECT count(*) AS rooms FROM (
  SELECT FROM tb_room_position WHERE room_id IN (SELECT room_id FROM old) ORDER BY room_id FOR UPDATE
) AS locked \gset

INSERT INTO archived_messages
    (message_id, user_id, room_id, content, file_url, created_at, seq, reply_to, client_msg_id,
     edited_at, deleted_at, deleted_by, deleted_seq)
  SELECT message_id, user_id, room_id, content, file_url, created_at, seq, reply_to, client_msg_id,
         edited_at, deleted_at, deleted_by, deleted_seq
  FROM tb_messages WHERE message_id IN (SELECT message_id FROM old) AND deleted_at IS NULL;

DELETE FROM archive_progress WHERE EXISTS (SELECT FROM old);
INSERT INTO archive_progress SELECT message_id FROM old ORDER BY message_id DESC LIMIT 1;

UPDATE tb_messages SET content = NULL, file_url = NULL, deleted_at = now(), deleted_by = user_id, deleted_seq = seq
WHERE message_id IN (SELECT message_id FROM old) AND deleted_at IS NULL;
DELETE FROM tb_message_search WHERE message_id IN (SELECT message_id FROM old);
COMMIT;
\echo :seen messages seen
