-- One message, one transaction, for pgbench: needs the users, rooms and the sequence that durable_beside.cpp makes.
-- Ids and seqs rise by a sequence that costs next to nothing, so that they are unique in every room.
\set sender random(1, :senders)
INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)
SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
       ('00000000-0000-0000-0000-' || lpad(:sender::text, 12, '0'))::uuid,
       ('00000000-0000-0000-0000-' || lpad(((:sender - 1) % :rooms + 1)::text, 12, '0'))::uuid,
       repeat('x', 128), now(), n, '00000000-0000-7000-8000-' || lpad(n::text, 12, '0')
FROM (SELECT nextval('bench_seq') AS n) AS made;
