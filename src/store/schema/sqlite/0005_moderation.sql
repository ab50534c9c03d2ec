-- Bans, mutes and slow mode of rooms, and reports of messages.

ALTER TABLE tb_chat_rooms ADD COLUMN slow_mode_seconds INTEGER NOT NULL DEFAULT 0 CHECK (slow_mode_seconds >= 0);

-- removed_up_to: their messages are being deleted, which is done up to this seq; null when nothing is to be deleted.
-- removal_seen_at: when somebody saw to that, or finished it; null when it was not asked for.
CREATE TABLE tb_room_ban (
  room_id TEXT NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  by_id TEXT NOT NULL REFERENCES tb_users (user_id),
  reason TEXT,
  created_at TEXT NOT NULL,
  removed_up_to INTEGER CHECK (removed_up_to >= 0),
  removal_seen_at TEXT,
  PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ix_room_ban_removal ON tb_room_ban (removal_seen_at) WHERE removed_up_to IS NOT NULL;

-- Whether somebody is a member or not: leaving ends no mute.
CREATE TABLE tb_room_mute (
  room_id TEXT NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  by_id TEXT NOT NULL REFERENCES tb_users (user_id),
  reason TEXT,
  created_at TEXT NOT NULL,
  muted_until TEXT NOT NULL,
  PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

-- When somebody wrote last in a room in slow mode; without slow mode nobody stands here.
CREATE TABLE tb_room_pace (
  room_id TEXT NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  user_id TEXT NOT NULL REFERENCES tb_users (user_id),
  last_sent_at TEXT NOT NULL,
  PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

-- content and file_url as they stood when the message was reported, until the report is decided. Without a key to
-- messages, which are archived.
CREATE TABLE tb_report (
  report_id TEXT NOT NULL PRIMARY KEY,
  message_id TEXT NOT NULL,
  room_id TEXT NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  seq INTEGER NOT NULL,
  sender_id TEXT NOT NULL REFERENCES tb_users (user_id),
  reporter_id TEXT NOT NULL REFERENCES tb_users (user_id),
  reason TEXT NOT NULL CHECK (reason IN ('spam', 'abuse', 'illegal', 'other')),
  comment TEXT,
  content TEXT,
  file_url TEXT,
  created_at TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'dismissed', 'acted')),
  decided_by TEXT REFERENCES tb_users (user_id),
  decided_at TEXT,
  note TEXT,
  CHECK ((status = 'open') = (decided_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX ux_report_once ON tb_report (message_id, reporter_id);
CREATE INDEX ix_report_open ON tb_report (report_id) WHERE status = 'open';
CREATE INDEX ix_report_decided ON tb_report (report_id) WHERE status <> 'open';
CREATE INDEX ix_report_reporter ON tb_report (reporter_id) WHERE status = 'open';
CREATE INDEX ix_report_file ON tb_report (file_url) WHERE status = 'open' AND file_url IS NOT NULL;

-- A log may hold two more kinds of events; SQLite changes a CHECK by a new table only.
CREATE TABLE tb_room_event_new (
  room_id TEXT NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  seq INTEGER NOT NULL CHECK (seq > 0),
  type TEXT NOT NULL CHECK (type IN ('message_edited', 'message_deleted', 'reaction', 'member_joined', 'member_left',
                                     'room_renamed', 'member_muted', 'slow_mode_changed')),
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
INSERT INTO tb_room_event_new SELECT room_id, seq, type, event_id, by_id, user_id, message_id, reaction_id, reason,
  text, created_at FROM tb_room_event ORDER BY room_id, seq;
DROP TABLE tb_room_event;
ALTER TABLE tb_room_event_new RENAME TO tb_room_event;
