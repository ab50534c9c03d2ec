-- The last commit of each writer that says nothing by its rows alone (accounts, tokens, rooms): when a connection is lost
-- before the answer to a COMMIT, the mark that it left, or not, tells whether it took effect. Rows of writers that have
-- ended go when a node starts.
CREATE TABLE tb_commit_mark (
  writer_id uuid NOT NULL PRIMARY KEY,
  mark uuid NOT NULL,
  marked_at timestamptz NOT NULL
) WITH (fillfactor = 50);
