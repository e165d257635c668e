using Tidings.Feeds;

namespace Tidings.PostgreSql.Databases;

/// <summary>Where in the inbox something may wait: what was taken stays in the table as long as anybody's transaction may still see it, and is not read over again.</summary>
/// <param name="From">The first message that may wait, of the transactions that had ended.</param>
/// <param name="Running">The transactions that had not: each may have left something anywhere.</param>
/// <param name="Since">The first transaction that nothing was known of.</param>
internal sealed record InboxMark(long From, long[] Running, long Since)
{
    /// <summary>Anywhere.</summary>
    public static readonly InboxMark Unknown = new(0, [], 0);
}

/// <summary>A time in which PostgreSQL could be reached, from its beginning to its end. Safe from any thread.</summary>
/// <param name="Database">The connections.</param>
/// <param name="Generation">What epochs follow from.</param>
/// <param name="Flushes">Whether what was committed survives a crash of the server.</param>
internal sealed record PostgreSqlLink(PostgreSqlDatabase Database, string Generation, bool Flushes) : IFeedLink
{
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private volatile InboxMark _inbox = InboxMark.Unknown;

    /// <summary>What the last look into the inbox has left for the next one.</summary>
    public InboxMark Inbox
    {
        get => _inbox;
        set => _inbox = value;
    }

    /// <summary>Completes with why the link has ended.</summary>
    public Task<string> Failed => _failed.Task;

    // All that is new is followed anyhow.
    public Task HearAsync(string name) => Task.CompletedTask;

    public void Fail(string why) => _failed.TrySetResult(why);
}
