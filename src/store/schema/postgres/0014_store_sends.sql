-- New messages in one round trip, in place of append_sends, which nodes of the version before go on calling: the answer
-- is one row, and whether a key is known is told by the index that keeps it, not looked for before
-- (docs/decisions/0042).
--
-- Locks the rooms, looks whether everybody may send, and stores. Behind the lock each statement of a volatile function
-- has a snapshot of its own, as if it were sent by itself (READ COMMITTED).
--
-- It decides only what is plain. Where somebody may not send, or a key is known, it stores nothing at all, and the node
-- decides with all the facts at hand; nor does it in rooms that another transaction holds.
--
-- `rooms` in order of their ids, with how many messages each gets; the other arrays have an element a message: the
-- place of its room in `rooms` and its own place among that room's messages, both from 1. Returns each room's last_seq
-- before (null: passed by), and the messages that are stored, in no order: their numbers, from 1, and their senders'
-- names. A message's seq is its room's last_seq and its step. All null: nothing is stored.
CREATE FUNCTION store_sends(rooms uuid[], counts bigint[], places bigint[], steps bigint[], ids uuid[], users uuid[],
                            contents text[], keys text[], times timestamptz[],
                            OUT positions bigint[], OUT numbers bigint[], OUT names text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  locked uuid[];
BEGIN
  SELECT array_agg(p.room_id), array_agg(p.last_seq) INTO locked, positions
    FROM (SELECT o.room_id, o.last_seq FROM tb_room_position o WHERE o.room_id = ANY(rooms)
          ORDER BY o.room_id FOR UPDATE SKIP LOCKED) p;
  IF locked IS NULL THEN
    RETURN;
  END IF;
  IF cardinality(locked) < cardinality(rooms) THEN
    positions := ARRAY(SELECT (SELECT l.last_seq FROM unnest(locked, positions) l (room_id, last_seq)
                                WHERE l.room_id = r.room_id)
                         FROM unnest(rooms) WITH ORDINALITY r (room_id, place) ORDER BY r.place);
  END IF;

  SELECT array_agg(k.number), array_agg(u.display_name) INTO numbers, names
    FROM unnest(places, users, times) WITH ORDINALITY k (place, user_id, at, number)
    JOIN tb_users u ON u.user_id = k.user_id AND u.flagDelete = 'active'
    JOIN tb_user_room m ON m.room_id = rooms[k.place] AND m.user_id = k.user_id
    JOIN tb_chat_rooms r ON r.chat_room_id = rooms[k.place] AND r.slow_mode_seconds = 0
   WHERE positions[k.place] IS NOT NULL
     AND NOT EXISTS (SELECT FROM tb_room_mute x
                      WHERE x.room_id = rooms[k.place] AND x.user_id = k.user_id AND x.muted_until > k.at)
     -- Not EXISTS: below an OR that may become a table of all the pairs.
     AND (r.is_group = 1 OR (SELECT 1 FROM tb_private_pair p
       CROSS JOIN LATERAL (VALUES (p.user_low, p.user_high), (p.user_high, p.user_low)) way (user_id, friend_id)
       JOIN tb_friendships f ON f.user_id = way.user_id AND f.friend_id = way.friend_id
       WHERE p.room_id = r.chat_room_id AND f.status = 'blocked' LIMIT 1) IS NULL);
  IF cardinality(numbers) IS DISTINCT FROM cardinality(places) THEN
    IF coalesce(cardinality(numbers), 0) < (SELECT sum(k.count) FROM unnest(positions, counts) k (last_seq, count)
                                             WHERE k.last_seq IS NOT NULL) THEN
      numbers := NULL;
    END IF;
  END IF;
  IF numbers IS NOT NULL THEN
    BEGIN
      INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)
        SELECT k.id, k.user_id, rooms[k.place], k.content, k.at, positions[k.place] + k.step, k.key
          FROM unnest(places, steps, ids, users, contents, keys, times) k (place, step, id, user_id, content, key, at)
         WHERE positions[k.place] IS NOT NULL;
    EXCEPTION WHEN unique_violation THEN
      numbers := NULL;  -- and the rows are taken back
    END;
  END IF;
  IF numbers IS NULL THEN
    -- Nothing that anybody sees: nobody waits for the disk, or for a standby, on its behalf.
    PERFORM set_config('synchronous_commit', 'off', true);
    positions := NULL;
    names := NULL;
    RETURN;
  END IF;

  UPDATE tb_room_position p SET last_seq = k.last_seq + k.count
    FROM unnest(rooms, positions, counts) k (room_id, last_seq, count)
   WHERE p.room_id = k.room_id AND k.last_seq IS NOT NULL;
END
$$;
COMMENT ON COLUMN tb_messages.user_id IS 'tb_users.user_id, kept so by store_sends and tb_user_status';
COMMENT ON COLUMN tb_messages.room_id IS 'tb_chat_rooms.chat_room_id, kept so by store_sends and tb_room_position';
