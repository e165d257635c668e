using Tidings.Feeds;

namespace Tidings.PostgreSql.Databases;

/// <summary>A time in which PostgreSQL could be reached, from its beginning to its end. Safe from any thread.</summary>
/// <param name="Database">The connections.</param>
/// <param name="Generation">What epochs follow from.</param>
/// <param name="Flushes">Whether what was committed survives a crash of the server.</param>
internal sealed record PostgreSqlLink(PostgreSqlDatabase Database, string Generation, bool Flushes) : IFeedLink
{
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with why the link has ended.</summary>
    public Task<string> Failed => _failed.Task;

    // All that is new is followed anyhow.
    public Task HearAsync(string name) => Task.CompletedTask;

    public void Fail(string why) => _failed.TrySetResult(why);
}
