-- Bans, mutes and slow mode of rooms, and reports of messages.

ALTER TABLE tb_chat_rooms ADD COLUMN slow_mode_seconds bigint NOT NULL DEFAULT 0 CHECK (slow_mode_seconds >= 0);

-- removed_up_to: their messages are being deleted, which is done up to this seq; null when nothing is to be deleted.
-- removal_seen_at: when somebody saw to that, or finished it; null when it was not asked for.
CREATE TABLE tb_room_ban (
  room_id uuid NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  by_id uuid NOT NULL REFERENCES tb_users (user_id),
  reason text,
  created_at timestamptz NOT NULL,
  removed_up_to bigint CHECK (removed_up_to >= 0),
  removal_seen_at timestamptz,
  PRIMARY KEY (room_id, user_id)
);
CREATE INDEX ix_room_ban_removal ON tb_room_ban (removal_seen_at) WHERE removed_up_to IS NOT NULL;

-- Whether somebody is a member or not: leaving ends no mute.
CREATE TABLE tb_room_mute (
  room_id uuid NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  by_id uuid NOT NULL REFERENCES tb_users (user_id),
  reason text,
  created_at timestamptz NOT NULL,
  muted_until timestamptz NOT NULL,
  PRIMARY KEY (room_id, user_id)
);

-- When somebody wrote last in a room in slow mode; without slow mode nobody stands here.
CREATE TABLE tb_room_pace (
  room_id uuid NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  user_id uuid NOT NULL REFERENCES tb_users (user_id),
  last_sent_at timestamptz NOT NULL,
  PRIMARY KEY (room_id, user_id)
);

-- content and file_url as they stood when the message was reported, until the report is decided. Without a key to
-- messages, which are archived.
CREATE TABLE tb_report (
  report_id uuid NOT NULL PRIMARY KEY,
  message_id uuid NOT NULL,
  room_id uuid NOT NULL REFERENCES tb_chat_rooms (chat_room_id),
  seq bigint NOT NULL,
  sender_id uuid NOT NULL REFERENCES tb_users (user_id),
  reporter_id uuid NOT NULL REFERENCES tb_users (user_id),
  reason text NOT NULL CHECK (reason IN ('spam', 'abuse', 'illegal', 'other')),
  comment text,
  content text,
  file_url text,
  created_at timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'dismissed', 'acted')),
  decided_by uuid REFERENCES tb_users (user_id),
  decided_at timestamptz,
  note text,
  CHECK ((status = 'open') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX ux_report_once ON tb_report (message_id, reporter_id);
CREATE INDEX ix_report_open ON tb_report (report_id) WHERE status = 'open';
CREATE INDEX ix_report_decided ON tb_report (report_id) WHERE status <> 'open';
CREATE INDEX ix_report_reporter ON tb_report (reporter_id) WHERE status = 'open';
CREATE INDEX ix_report_file ON tb_report (file_url) WHERE status = 'open' AND file_url IS NOT NULL;

-- A log may hold two more kinds of events.
ALTER TABLE tb_room_event DROP CONSTRAINT tb_room_event_type_check;
ALTER TABLE tb_room_event ADD CONSTRAINT tb_room_event_type_check
  CHECK (type IN ('message_edited', 'message_deleted', 'reaction', 'member_joined', 'member_left', 'room_renamed',
                  'member_muted', 'slow_mode_changed')) NOT VALID;
