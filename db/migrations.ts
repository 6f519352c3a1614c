/** The database's shape, as numbered steps. A step that has been released is never edited: add another. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE session (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    notes TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    deleted_at TEXT
  ) STRICT;

  CREATE TABLE run (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES session (id),
    probe TEXT NOT NULL,
    probe_version INTEGER NOT NULL,
    params TEXT NOT NULL,
    seed INTEGER NOT NULL,
    item_limit INTEGER,
    model TEXT NOT NULL,
    model_card TEXT,
    data_source TEXT NOT NULL,
    dataset TEXT,
    device TEXT,
    versions TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'loading', 'running', 'done', 'cancelled', 'interrupted', 'failed')),
    -- The process that works on it, so that another lab on the same file knows whether it is still alive.
    owner TEXT,
    -- When that process last stored something.
    seen_at TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    seconds REAL NOT NULL DEFAULT 0,
    planned INTEGER,
    error TEXT,
    metrics TEXT,
    finding TEXT,
    deleted_at TEXT
  ) STRICT;
  CREATE INDEX run_session ON run (session_id, created_at);

  CREATE TABLE item (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    cluster TEXT NOT NULL,
    category TEXT NOT NULL,
    title TEXT NOT NULL,
    answers TEXT NOT NULL,
    -- Rendered prompts, token ids and per-token log-probabilities.
    replies TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
  ) STRICT;
  CREATE INDEX item_by_id ON item (run_id, item_id);

  CREATE TABLE outcome (
    run_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- The place among the item's outcomes.
    rank INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    scored INTEGER NOT NULL CHECK (scored IN (0, 1)),
    value REAL,
    margin REAL,
    statement TEXT,
    chance REAL,
    reason TEXT NOT NULL,
    PRIMARY KEY (run_id, position, name),
    FOREIGN KEY (run_id, position) REFERENCES item (run_id, position) ON DELETE CASCADE,
    -- "Not scored" is a verdict with a reason, never a number that went missing.
    CHECK (scored = (verdict <> 'not-scored')),
    CHECK (scored = 1 OR value IS NULL)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX outcome_verdict ON outcome (run_id, name, verdict);

  CREATE TABLE model_seen (
    source TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    error TEXT
  ) STRICT;
  `,
  `
  -- How a model was last opened (what = 'choice'), how fast it was ('speed'), and what need not be found out again ('known').
  CREATE TABLE model_kept (
    source TEXT NOT NULL,
    what TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (source, what)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What the model chose, where the probe counts choices (the class that it saw).
  ALTER TABLE outcome ADD COLUMN choice TEXT;
  `,
];
