/**
 * The schema, as numbered steps that are never changed once released: a new version of the program appends one.
 * All tables are STRICT; values are JSON text; `part` is a record's partition.
 */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'the tables of the store',
    sql: `
      CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
      CREATE TABLE record (
        collection TEXT NOT NULL, part TEXT NOT NULL, id TEXT NOT NULL,
        version INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (collection, part, id)
      ) STRICT;
      CREATE TABLE entry (
        stream TEXT NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (stream, seq)
      ) STRICT;
      CREATE TABLE lease (
        name TEXT PRIMARY KEY, holder TEXT NOT NULL, fence INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE due (name TEXT PRIMARY KEY, due_at_ms INTEGER NOT NULL) STRICT;
      CREATE INDEX due_by_time ON due (due_at_ms, name);
      CREATE TABLE bucket (name TEXT PRIMARY KEY, fill_ms REAL NOT NULL, at_ms INTEGER NOT NULL) STRICT;
      CREATE TABLE claim (
        space TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL,
        PRIMARY KEY (space, name)
      ) STRICT;
      CREATE INDEX claim_by_owner ON claim (space, owner, name);
      CREATE TABLE once (
        key TEXT PRIMARY KEY, request_hash TEXT NOT NULL, result TEXT, expires_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX once_by_expiry ON once (expires_at_ms);
    `,
  },
]
