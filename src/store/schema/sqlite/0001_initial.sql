-- The first schema: the contract's tables, and Parley's own for positions, the log, markers, tokens and pairs.
-- Ids are UUID text in lower case, times RFC 3339 in UTC with milliseconds. Migrations only go forward; a file that
-- was ever released is never changed.

CREATE TABLE tb_roles (
  role_id INTEGER NOT NULL PRIMARY KEY,
  role_enum TEXT NOT NULL UNIQUE CHECK (role_enum IN ('admin', 'moderator', 'user'))
) STRICT;
INSERT INTO tb_roles (role_id, role_enum) VALUES (1, 'admin'), (2, 'moderator'), (3, 'user');

CREATE TABLE tb_users (
  user_id TEXT NOT NULL PRIMARY KEY,
  username TEXT NOT NULL,
  password TEXT NOT NULL,
  email TEXT,
  phone TEXT,
  img_url TEXT,
  display_name TEXT NOT NULL,
  role_id INTEGER NOT NULL DEFAULT 3 REFERENCES tb_roles (role_id),
  flagDelete TEXT NOT NULL DEFAULT 'active' CHECK (flagDelete IN ('active', 'not_active', 'delete')),
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX ux_users_username ON tb_users (username);

CREATE TABLE tb_user_status (
  user_id TEXT NOT NULL PRIMARY KEY REFERENCES tb_users (user_id),
  is_online INTEGER NOT NULL DEFAULT 0 CHECK (is_online IN (0, 1)),
  last_seen TEXT
) STRICT, WITHOUT ROWID;
-- Small: only who is online stands in it.
CREATE INDEX ix_user_status_online ON tb_user_status (is_online) WHERE is_online = 1;

CREATE TABLE tb_chat_rooms (
  chat_room_id TEXT NOT NULL PRIMARY KEY,
  name TEXT,
  is_group INTEGER NOT NULL CHECK (is_group IN (0, 1)),
  created_by TEXT NOT NULL REFERENCES tb_users (user_id),
  created_at TEXT NOT NULL,
  CHECK ((is_group = 1) = (name IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_chat_rooms_name ON tb_chat_rooms (name, created_at) WHERE is_group = 1;

-- The last seq of a room, apart from the wide row, because every append writes it.
CREATE TABLE tb_room_position (
  room_id TEXT NOT NULL PRIMARY KEY REFERENCES tb_chat_rooms (chat_room_id),
  last_seq INTEGER NOT NULL DEFAULT 0 CHECK (last_seq >= 0)
) STRICT, WITHOUT ROWID;

-- A pair of people has one private room; user_low is the smaller id.
CREATE TABLE tb_private_pair (
  user_low TEXT NOT NULL REFERENCES tb_users (user_id),
  user_high TEXT NOT NULL REFERENCES tb_users (user_id),
  room_id TEXT NOT NULL UNIQUE REFERENCES tb_chat_rooms (chat_room_id),
  PRIMARY KEY (user_low, user_high),
  CHECK (user_low < user_high)
) STRICT, WITHOUT ROWID;

CREATE TABLE tb_user_room (
  user_room_id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  room_id TEXT NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  joined_at TEXT NOT NULL,
  PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX ux_user_room_user ON tb_user_room (user_id, room_id);

-- Up to where a member has read. It comes and goes with the membership.
CREATE TABLE tb_read_marker (
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  room_id TEXT NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  seq INTEGER NOT NULL CHECK (seq >= 0),
  PRIMARY KEY (user_id, room_id)
) STRICT, WITHOUT ROWID;

-- A message is a row of the room's log and carries its seq; deletion empties it and says who, when and at which seq.
CREATE TABLE tb_messages (
  message_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  room_id TEXT NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  content TEXT,
  file_url TEXT,
  created_at TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq > 0),
  client_msg_id TEXT,
  reply_to TEXT REFERENCES tb_messages (message_id),
  edited_at TEXT,
  deleted_at TEXT,
  deleted_by TEXT REFERENCES tb_users (user_id),
  deleted_seq INTEGER
) STRICT;
CREATE UNIQUE INDEX ux_messages_id ON tb_messages (message_id);
CREATE UNIQUE INDEX ux_messages_seq ON tb_messages (room_id, seq);
CREATE UNIQUE INDEX ux_messages_key ON tb_messages (room_id, user_id, client_msg_id) WHERE client_msg_id IS NOT NULL;

-- The other durable events of a room's log; both tables merged by seq are the log.
CREATE TABLE tb_room_event (
  room_id TEXT NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  seq INTEGER NOT NULL CHECK (seq > 0),
  type TEXT NOT NULL CHECK (type IN ('message_edited', 'message_deleted', 'reaction', 'member_joined', 'member_left',
                                     'room_renamed')),
  event_id TEXT NOT NULL,
  by_id TEXT NOT NULL REFERENCES tb_users (user_id),
  user_id TEXT REFERENCES tb_users (user_id),
  message_id TEXT REFERENCES tb_messages (message_id),
  reaction_id TEXT,
  reason TEXT,
  text TEXT,
  created_at TEXT NOT NULL,
  PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;

-- In order of a message's reactions, as history shows them.
CREATE TABLE tb_reaction (
  reaction_id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  message_id TEXT NOT NULL REFERENCES tb_messages (message_id),
  emoji TEXT NOT NULL,
  created_at TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq > 0),
  PRIMARY KEY (message_id, seq)
) STRICT, WITHOUT ROWID;
-- With the emoji before the user, so that a message's distinct emojis are found one by one.
CREATE UNIQUE INDEX ux_reaction_emoji ON tb_reaction (message_id, emoji, user_id);

CREATE TABLE tb_friendships (
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  friend_id TEXT NOT NULL REFERENCES tb_users (user_id),
  status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'blocked')),
  created_at TEXT NOT NULL,
  PRIMARY KEY (user_id, friend_id),
  CHECK (user_id <> friend_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_friendships_friend ON tb_friendships (friend_id, status);
-- One row for two people, whoever asked; except that each may block the other.
CREATE UNIQUE INDEX ux_friendships_pair ON tb_friendships (min(user_id, friend_id), max(user_id, friend_id))
  WHERE status <> 'blocked';

CREATE TABLE tb_token (
  token_hash TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_token_user ON tb_token (user_id, expires_at);

-- One row that is written to learn whether commits work again.
CREATE TABLE tb_probe (
  probe_id INTEGER NOT NULL PRIMARY KEY CHECK (probe_id = 1),
  count INTEGER NOT NULL
) STRICT;
INSERT INTO tb_probe (probe_id, count) VALUES (1, 0);
