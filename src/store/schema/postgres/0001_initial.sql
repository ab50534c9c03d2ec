-- The first schema: the contract's tables, and Parley's own for positions, the log, markers, tokens and pairs. Names are
-- unquoted, so that anybody's SQL finds them. Migrations only go forward; a file that was ever released is never changed.

CREATE TABLE tb_roles (
  role_id smallint NOT NULL PRIMARY KEY,
  role_enum text NOT NULL UNIQUE CHECK (role_enum IN ('admin', 'moderator', 'user'))
);
INSERT INTO tb_roles (role_id, role_enum) VALUES (1, 'admin'), (2, 'moderator'), (3, 'user');

CREATE TABLE tb_users (
  user_id uuid NOT NULL PRIMARY KEY,
  username text COLLATE "C" NOT NULL,
  password text NOT NULL,
  email text,
  phone text,
  img_url text,
  display_name text NOT NULL,
  role_id smallint NOT NULL DEFAULT 3 REFERENCES tb_roles (role_id),
  flagDelete text NOT NULL DEFAULT 'active' CHECK (flagDelete IN ('active', 'not_active', 'delete')),
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX ux_users_username ON tb_users (username);

CREATE TABLE tb_user_status (
  user_id uuid NOT NULL PRIMARY KEY REFERENCES tb_users (user_id),
  is_online smallint NOT NULL DEFAULT 0 CHECK (is_online IN (0, 1)),
  last_seen timestamptz
) WITH (fillfactor = 70);
-- Small: only who is online stands in it.
CREATE INDEX ix_user_status_online ON tb_user_status (user_id) WHERE is_online = 1;

CREATE TABLE tb_chat_rooms (
  chat_room_id uuid NOT NULL PRIMARY KEY,
  name text COLLATE "C",
  is_group smallint NOT NULL CHECK (is_group IN (0, 1)),
  created_by uuid NOT NULL REFERENCES tb_users (user_id),
  created_at timestamptz NOT NULL,
  CHECK ((is_group = 1) = (name IS NOT NULL))
);
CREATE INDEX ix_chat_rooms_name ON tb_chat_rooms (name, created_at) WHERE is_group = 1;

-- The last seq of a room, apart from the wide row, because every append locks and writes it; half of each page is left
-- free, so that its new version finds room beside the old one.
CREATE TABLE tb_room_position (
  room_id uuid NOT NULL PRIMARY KEY REFERENCES tb_chat_rooms (chat_room_id),
  last_seq bigint NOT NULL DEFAULT 0 CHECK (last_seq >= 0)
) WITH (fillfactor = 50);

-- A pair of people has one private room; user_low is the smaller id. It is written before its room, so that of two nodes
-- the later one finds out before it has made one.
CREATE TABLE tb_private_pair (
  user_low uuid NOT NULL REFERENCES tb_users (user_id),
  user_high uuid NOT NULL REFERENCES tb_users (user_id),
  room_id uuid NOT NULL UNIQUE REFERENCES tb_chat_rooms (chat_room_id) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (user_low, user_high),
  CHECK (user_low < user_high)
);

CREATE TABLE tb_user_room (
  user_room_id uuid NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  room_id uuid NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  joined_at timestamptz NOT NULL,
  PRIMARY KEY (room_id, user_id)
);
CREATE UNIQUE INDEX ux_user_room_user ON tb_user_room (user_id, room_id);

-- Up to where a member has read. It comes and goes with the membership.
CREATE TABLE tb_read_marker (
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  room_id uuid NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  seq bigint NOT NULL CHECK (seq >= 0),
  PRIMARY KEY (user_id, room_id)
) WITH (fillfactor = 70);

-- A message is a row of the room's log and carries its seq; deletion empties it and says who, when and at which seq.
CREATE TABLE tb_messages (
  message_id uuid NOT NULL,
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  room_id uuid NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  content text,
  file_url text,
  created_at timestamptz NOT NULL,
  seq bigint NOT NULL CHECK (seq > 0),
  client_msg_id text COLLATE "C",
  reply_to uuid,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by uuid REFERENCES tb_users (user_id),
  deleted_seq bigint
);
CREATE UNIQUE INDEX ux_messages_id ON tb_messages (message_id);
CREATE UNIQUE INDEX ux_messages_seq ON tb_messages (room_id, seq);
CREATE UNIQUE INDEX ux_messages_key ON tb_messages (room_id, user_id, client_msg_id) WHERE client_msg_id IS NOT NULL;
ALTER TABLE tb_messages ADD FOREIGN KEY (reply_to) REFERENCES tb_messages (message_id);

-- The other durable events of a room's log; both tables merged by seq are the log.
CREATE TABLE tb_room_event (
  room_id uuid NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  seq bigint NOT NULL CHECK (seq > 0),
  type text NOT NULL CHECK (type IN ('message_edited', 'message_deleted', 'reaction', 'member_joined', 'member_left',
                                     'room_renamed')),
  event_id uuid NOT NULL,
  by_id uuid NOT NULL REFERENCES tb_users (user_id),
  user_id uuid REFERENCES tb_users (user_id),
  message_id uuid REFERENCES tb_messages (message_id),
  reaction_id uuid,
  reason text,
  text text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (room_id, seq)
);

-- In order of a message's reactions, as history shows them.
CREATE TABLE tb_reaction (
  reaction_id uuid NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  message_id uuid NOT NULL REFERENCES tb_messages (message_id),
  emoji text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  seq bigint NOT NULL CHECK (seq > 0),
  PRIMARY KEY (message_id, seq)
);
-- With the emoji before the user, so that a message's distinct emojis are found one by one.
CREATE UNIQUE INDEX ux_reaction_emoji ON tb_reaction (message_id, emoji, user_id);

CREATE TABLE tb_friendships (
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  friend_id uuid NOT NULL REFERENCES tb_users (user_id),
  status text NOT NULL CHECK (status IN ('pending', 'accepted', 'blocked')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, friend_id),
  CHECK (user_id <> friend_id)
);
CREATE INDEX ix_friendships_friend ON tb_friendships (friend_id, status);
-- One row for two people, whoever asked; except that each may block the other.
CREATE UNIQUE INDEX ux_friendships_pair ON tb_friendships (least(user_id, friend_id), greatest(user_id, friend_id))
  WHERE status <> 'blocked';

CREATE TABLE tb_token (
  token_hash text COLLATE "C" NOT NULL PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX ix_token_user ON tb_token (user_id, expires_at);

-- One row that is written to learn whether commits work again.
CREATE TABLE tb_probe (
  probe_id smallint NOT NULL PRIMARY KEY CHECK (probe_id = 1),
  count bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO tb_probe (probe_id, count) VALUES (1, 0);
