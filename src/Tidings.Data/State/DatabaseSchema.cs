namespace Tidings.Data.State;

/// <summary>What a database of a data directory holds.</summary>
/// <param name="Version">The version of its tables.</param>
/// <param name="Tables">Makes them.</param>
/// <param name="Synchronous">How far SQLite goes with each commit: <c>FULL</c> to the disk, <c>NORMAL</c> to the operating system.</param>
/// <param name="LogPages">How many pages of 4 KB its log may have before they are written into the database: for that everybody waits for the disk.</param>
/// <param name="Contents">What is in it, for people.</param>
internal sealed record DatabaseSchema(int Version, string Tables, string Synchronous, int LogPages, string Contents)
{
    public static readonly DatabaseSchema State = new(
        1,
        """
        CREATE TABLE tasks (id TEXT PRIMARY KEY, version INTEGER NOT NULL, due INTEGER NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
        CREATE INDEX tasks_due ON tasks (due);
        CREATE TABLE revoked (kind INTEGER NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
        CREATE INDEX revoked_at ON revoked (kind, at);
        CREATE TABLE secrets (kind INTEGER NOT NULL, hash TEXT NOT NULL, owner TEXT NOT NULL, until INTEGER NOT NULL, secret BLOB, identity BLOB NOT NULL, PRIMARY KEY (kind, hash)) WITHOUT ROWID;
        CREATE INDEX secrets_owner ON secrets (kind, owner, until);
        CREATE INDEX secrets_until ON secrets (kind, until);
        """,
        "FULL",
        1000,
        "tasks, revocations and tickets");

    public static readonly DatabaseSchema Streams = new(
        1,
        """
        CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, head BLOB NOT NULL);
        CREATE TABLE chunks (stream INTEGER NOT NULL, at INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (stream, at)) WITHOUT ROWID;
        """,
        "NORMAL",
        8000,
        "streams and outputs of tasks");
}
