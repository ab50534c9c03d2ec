-- Whoever reported a message may report it anew once it was edited: one report for each text. That nobody files the same
-- one twice is seen to by the only writer.
DROP INDEX ux_report_once;
CREATE INDEX ix_report_message ON tb_report (message_id, reporter_id, created_at, report_id);
