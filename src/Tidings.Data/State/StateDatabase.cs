using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Tidings.Brokers;
using Tidings.Data.Files;

namespace Tidings.Data.State;

/// <summary>A database of SQLite in a data directory. One thread of its own works on it, and commits what came meanwhile together. Safe from any thread.</summary>
internal sealed class StateDatabase : IDisposable
{
    private const int MostAtOnce = 256;

    private readonly BlockingCollection<IJob> _jobs = [];
    private readonly SqliteConnection _connection;
    private readonly Thread _thread;

    private StateDatabase(SqliteConnection connection, string name)
    {
        _connection = connection;
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.UnsafeStart();
    }

    private interface IJob
    {
        /// <summary>Whether it is done outside of a transaction.</summary>
        bool IsAlone { get; }

        void Run(SqliteConnection connection);

        void Complete();

        void Fail(Exception error);
    }

    /// <summary>Opens the file, and makes it where it is missing.</summary>
    /// <exception cref="DataDirectoryException">It cannot be read, or a newer version wrote it.</exception>
    public static StateDatabase Open(string path) => Open(path, DatabaseSchema.State);

    /// <inheritdoc cref="Open(string)"/>
    public static StateDatabase Open(string path, DatabaseSchema schema)
    {
        // Its journal gets the rights that it has.
        PrivateFile.Ensure(path);
        SqliteConnection? connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            Ask(connection, $"PRAGMA journal_mode = WAL; PRAGMA synchronous = {schema.Synchronous}; PRAGMA busy_timeout = 2000; PRAGMA wal_autocheckpoint = {schema.LogPages}; PRAGMA secure_delete = ON;");
            if (Ask(connection, "PRAGMA quick_check(1)") is not "ok" and var fault)
            {
                throw new DataDirectoryException($"{path} is damaged ({fault}): restore it from a backup, or move it away to begin without {schema.Contents}.");
            }

            switch ((long)Ask(connection, "PRAGMA user_version")!)
            {
                case 0:
                    Ask(connection, $"BEGIN IMMEDIATE; {schema.Tables} PRAGMA user_version = {schema.Version}; COMMIT;");
                    break;
                case var version when version > schema.Version:
                    throw new DataDirectoryException($"{path} has version {version}, which a newer version of Tidings wrote; this one reads up to {schema.Version}. Start the newer version, or restore a backup of the older one.");
            }

            var opened = new StateDatabase(connection, $"Tidings {Path.GetFileNameWithoutExtension(path)}");
            connection = null;
            return opened;
        }
        catch (SqliteException error)
        {
            throw new DataDirectoryException($"{path} cannot be used: {error.Message}. Restore it from a backup, or move it away to begin without {schema.Contents}.", error);
        }
        finally
        {
            connection?.Dispose();
        }
    }

    /// <summary>Opens the file beside the process that writes it.</summary>
    public static SqliteConnection OpenToRead(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Asks for one value.</summary>
    public static object? Ask(SqliteConnection connection, string text)
    {
        using var command = Command(connection, text);
        return command.ExecuteScalar();
    }

    /// <summary>Has work done in a transaction; when it completes, what was written is as far as the schema says.</summary>
    /// <exception cref="BrokerUnavailableException">The file cannot be written or read.</exception>
    public Task<T> RunAsync<T>(Func<SqliteConnection, T> work) => AddAsync(new Job<T>(work, alone: false));

    private Task<T> AddAsync<T>(Job<T> job)
    {
        try
        {
            _jobs.Add(job);
        }
        catch (InvalidOperationException)
        {
            throw new BrokerUnavailableException("The server ends: nothing more is written to the data directory.");
        }

        return job.Task;
    }

    /// <summary>Has nothing of what was deleted before left in the files: the journal is written into the database and emptied.</summary>
    /// <exception cref="BrokerUnavailableException">The file cannot be written.</exception>
    public Task ForgetAsync() => AddAsync(new Job<object?>(static connection => Ask(connection, "PRAGMA wal_checkpoint(TRUNCATE)"), alone: true));

    public void Dispose()
    {
        _jobs.CompleteAdding();
        _thread.Join();
        _connection.Dispose();
        _jobs.Dispose();
    }

    /// <summary>Makes a command.</summary>
    public static SqliteCommand Command(SqliteConnection connection, string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Each text is a constant of this folder.
        command.CommandText = text;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    /// <summary>Runs a command.</summary>
    /// <returns>How many rows it has changed.</returns>
    public static int Run(SqliteConnection connection, string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(connection, text, parameters);
        return command.ExecuteNonQuery();
    }

    private void Work()
    {
        List<IJob> group = [];
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            group.Add(job);
            while (!group[^1].IsAlone && group.Count < MostAtOnce && _jobs.TryTake(out var next))
            {
                group.Add(next);
            }

            var last = group[^1].IsAlone ? group[^1] : null;
            if (last is not null)
            {
                group.RemoveAt(group.Count - 1);
            }

            if (group.Count > 0 && !TryCommit(group))
            {
                // One of them has failed: each by itself tells which.
                group.ForEach(CommitAlone);
            }

            if (last is not null)
            {
                RunAlone(last);
            }

            group.Clear();
        }
    }

    private bool TryCommit(List<IJob> group)
    {
        try
        {
            using var transaction = _connection.BeginTransaction();
            group.ForEach(one => one.Run(_connection));
            transaction.Commit();
        }
#pragma warning disable CA1031 // Its caller is told.
        catch (Exception) when (group.Count > 1)
        {
            return false;
        }
        catch (Exception error)
#pragma warning restore CA1031
        {
            group[0].Fail(error is SqliteException ? new BrokerUnavailableException($"The data directory cannot be written: {error.Message}", error) : error);
            return true;
        }

        group.ForEach(static one => one.Complete());
        return true;
    }

    private void RunAlone(IJob job)
    {
        try
        {
            job.Run(_connection);
        }
        catch (SqliteException error)
        {
            job.Fail(new BrokerUnavailableException($"The data directory cannot be written: {error.Message}", error));
            return;
        }

        job.Complete();
    }

    private void CommitAlone(IJob job) => TryCommit([job]);

    private sealed class Job<T>(Func<SqliteConnection, T> work, bool alone) : IJob
    {
        public bool IsAlone => alone;

        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        public Task<T> Task => _done.Task;

        public void Run(SqliteConnection connection) => _result = work(connection);

        public void Complete() => _done.SetResult(_result);

        public void Fail(Exception error) => _done.SetException(error);
    }
}
