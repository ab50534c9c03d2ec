-- Words of messages, for searching; derived from the log, and behind it by the position of each room.

-- Words as src/store/search_words.hpp makes them, and the room as "#" with its id.
CREATE TABLE tb_message_search (
  message_id uuid NOT NULL PRIMARY KEY,
  room_id uuid NOT NULL,
  words tsvector NOT NULL
);
CREATE INDEX ix_message_search_words ON tb_message_search USING gin (words);

CREATE TABLE tb_search_position (
  room_id uuid NOT NULL PRIMARY KEY,
  seq bigint NOT NULL
) WITH (fillfactor = 50);
