-- For the list of one's own files, the newest first.
CREATE INDEX ix_file_owner ON tb_file (user_id, file_id);
