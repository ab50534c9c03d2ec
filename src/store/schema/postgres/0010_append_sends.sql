-- New messages in one round trip: locks the rooms, looks whether everybody may send, and stores. Behind the lock each
-- statement of a volatile function has a snapshot of its own, as if it were sent by itself (READ COMMITTED).
--
-- It decides only what is plain. Where somebody may not send, or a key is known, it stores nothing at all and returns no
-- rows, and the node decides with all the facts at hand; it returns none either for rooms that another transaction holds.
--
-- `rooms` in order of their ids, with how many messages each gets; the other arrays have an element a message: the place
-- of its room in `rooms` and its own place among that room's messages, both from 1. Returns the number of each message
-- that was stored, from 1, with its seq and its sender's name.
CREATE FUNCTION append_sends(rooms uuid[], counts bigint[], places bigint[], steps bigint[], ids uuid[],
                             users uuid[], contents text[], keys text[], times timestamptz[])
RETURNS TABLE (number bigint, seq bigint, display_name text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  locked uuid[];
  positions bigint[];  -- last_seq of each of `rooms`; null: not here
  numbers bigint[];    -- of the messages that may be sent, in no order
  names text[];        -- of their senders
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
    FROM unnest(places, users, keys, times) WITH ORDINALITY k (place, user_id, key, at, number)
    JOIN tb_users u ON u.user_id = k.user_id AND u.flagDelete = 'active'
    JOIN tb_user_room m ON m.room_id = rooms[k.place] AND m.user_id = k.user_id
    JOIN tb_chat_rooms r ON r.chat_room_id = rooms[k.place] AND r.slow_mode_seconds = 0
   WHERE positions[k.place] IS NOT NULL
     AND NOT EXISTS (SELECT FROM tb_room_mute x
                      WHERE x.room_id = rooms[k.place] AND x.user_id = k.user_id AND x.muted_until > k.at)
     AND NOT EXISTS (SELECT FROM tb_messages t
                      WHERE t.room_id = rooms[k.place] AND t.user_id = k.user_id AND t.client_msg_id = k.key)
     -- Not EXISTS: below an OR that may become a table of all the pairs.
     AND (r.is_group = 1 OR (SELECT 1 FROM tb_private_pair p
       CROSS JOIN LATERAL (VALUES (p.user_low, p.user_high), (p.user_high, p.user_low)) way (user_id, friend_id)
       JOIN tb_friendships f ON f.user_id = way.user_id AND f.friend_id = way.friend_id
       WHERE p.room_id = r.chat_room_id AND f.status = 'blocked' LIMIT 1) IS NULL);
  IF cardinality(numbers) IS DISTINCT FROM cardinality(places) THEN
    IF coalesce(cardinality(numbers), 0) < (SELECT sum(k.count) FROM unnest(positions, counts) k (last_seq, count)
                                             WHERE k.last_seq IS NOT NULL) THEN
      -- Only locks were taken: nobody waits for the disk, or for a standby, on their behalf.
      PERFORM set_config('synchronous_commit', 'off', true);
      RETURN;
    END IF;
  END IF;

  INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)
    SELECT k.id, k.user_id, rooms[k.place], k.content, k.at, positions[k.place] + k.step, k.key
      FROM unnest(places, steps, ids, users, contents, keys, times) k (place, step, id, user_id, content, key, at)
     WHERE positions[k.place] IS NOT NULL;
  UPDATE tb_room_position p SET last_seq = k.last_seq + k.count
    FROM unnest(rooms, positions, counts) k (room_id, last_seq, count)
   WHERE p.room_id = k.room_id AND k.last_seq IS NOT NULL;
  RETURN QUERY SELECT k.number, positions[places[k.number]] + steps[k.number], k.name
                 FROM unnest(numbers, names) k (number, name) WHERE positions[places[k.number]] IS NOT NULL;
END
$$;
