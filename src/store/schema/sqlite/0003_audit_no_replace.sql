-- INSERT OR REPLACE deletes without asking the trigger of deletions.
CREATE TRIGGER tr_audit_no_replace BEFORE INSERT ON tb_audit
WHEN EXISTS (SELECT 1 FROM tb_audit WHERE audit_id = NEW.audit_id)
BEGIN
  SELECT raise(ABORT, 'tb_audit is only ever added to');
END;
