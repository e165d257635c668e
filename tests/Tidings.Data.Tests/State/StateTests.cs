using Microsoft.Data.Sqlite;
using Tidings.Brokers;
using Tidings.Data.State;
using Tidings.Data.Tests.World;
using Tidings.Security.Identities;

namespace Tidings.Data.Tests.State;

/// <summary>Tickets, streams that they opened and revocations survive a restart; nothing secret is in the file.</summary>
public sealed class StateTests : IAsyncDisposable
{
    private static readonly Identity s_ann = new() { User = "ann", ExpiresAt = 4_000_000_000_000, IssuedAt = 5 };

    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public StateTests() => _world = new DataWorld(_time);

    [Fact]
    public async Task A_ticket_is_good_once_also_after_a_restart_and_for_half_a_minute()
    {
        _world.Start();
        var (kept, used, old) = (await _world.Backplane.Tickets.IssueAsync(s_ann), await _world.Backplane.Tickets.IssueAsync(s_ann), await _world.Backplane.Tickets.IssueAsync(s_ann));
        Assert.Equal("ann", (await _world.Backplane.Tickets.RedeemAsync(used))!.User);
        await _world.RestartAsync();
        Assert.Null(await _world.Backplane.Tickets.RedeemAsync(used));
        var found = await _world.Backplane.Tickets.RedeemAsync(kept);
        Assert.Equal((s_ann.User, s_ann.ExpiresAt, s_ann.IssuedAt), (found!.User, found.ExpiresAt, found.IssuedAt));
        Assert.Null(await _world.Backplane.Tickets.RedeemAsync(kept));
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(await _world.Backplane.Tickets.RedeemAsync(old));
        await _world.StopAsync();
        Assert.DoesNotContain(old, await File.ReadAllTextAsync(_world.Layout.State), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_reader_of_a_stream_comes_back_to_it_after_a_restart_with_its_cookie_alone()
    {
        _world.Start();
        var secret = await _world.Backplane.Tickets.IssuePassAsync("ticket", s_ann);
        Assert.NotNull(secret);
        Assert.Null(await _world.Backplane.Tickets.IssuePassAsync("ticket", s_ann));
        await _world.RestartAsync();
        Assert.Null(await _world.Backplane.Tickets.ShowPassAsync("ticket", "another"));
        Assert.Null(await _world.Backplane.Tickets.ShowPassAsync("other", secret));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("ann", (await _world.Backplane.Tickets.ShowPassAsync("ticket", secret))!.User);
            _time.Advance(TimeSpan.FromMinutes(59));
        }

        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(await _world.Backplane.Tickets.ShowPassAsync("ticket", secret));
    }

    [Fact]
    public async Task A_user_loses_its_own_oldest_tickets_and_nobody_elses()
    {
        _world.Start();
        var others = await _world.Backplane.Tickets.IssueAsync(new Identity { User = "bob" });
        var first = await _world.Backplane.Tickets.IssueAsync(s_ann);
        _time.Advance(TimeSpan.FromMilliseconds(5));
        for (var i = 0; i < Tickets.Share; i++)
        {
            await _world.Backplane.Tickets.IssueAsync(s_ann);
        }

        Assert.Null(await _world.Backplane.Tickets.RedeemAsync(first));
        Assert.NotNull(await _world.Backplane.Tickets.RedeemAsync(others));
    }

    [Fact]
    public async Task What_was_revoked_is_known_after_a_restart_and_reaches_no_less_far()
    {
        _world.Start();
        await _world.Backplane.Revocations.ShareAsync(new Revocation(RevocationKind.User, "ann", 500));
        await _world.Backplane.Revocations.ShareAsync(new Revocation(RevocationKind.User, "ann", 400));
        await _world.Backplane.Revocations.ShareAsync(new Revocation(RevocationKind.Token, "id", 7));
        await _world.RestartAsync();
        var known = await ((DataRevocations)_world.Backplane.Revocations).ReadAsync();
        Assert.Equal([new Revocation(RevocationKind.User, "ann", 500), new Revocation(RevocationKind.Token, "id", 7)], known.OrderBy(static one => one.Kind));
    }

    [Fact]
    public async Task Of_many_at_once_one_that_fails_takes_no_other_with_it()
    {
        await using var world = new DataWorld();
        world.Start();
        var database = StateDatabase.Open(Path.Combine(world.Layout.Root, "another.db"));
        var good = Enumerable.Range(0, 50).Select(i => database.RunAsync(connection => StateDatabase.Run(connection, "INSERT INTO revoked (kind, name, at) VALUES (0, $name, 1)", ("$name", $"{i}")))).ToList();
        var bad = database.RunAsync(static connection => StateDatabase.Run(connection, "INSERT INTO nowhere VALUES (1)"));
        Assert.All(await Task.WhenAll(good), static changed => Assert.Equal(1, changed));
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => bad);
        Assert.Equal(50L, await database.RunAsync(static connection => (long)StateDatabase.Ask(connection, "SELECT count(*) FROM revoked")!));
        database.Dispose();
    }

    [Theory]
    [InlineData("not a database, but long enough to be read as one ------------------------------------------------", "cannot be used")]
    [InlineData(null, "newer version")]
    public void A_file_that_cannot_be_used_stops_the_start_by_name(string? content, string why)
    {
        _world.Start();
        var path = Path.Combine(_world.Layout.Root, "another.db");
        if (content is not null)
        {
            File.WriteAllText(path, content);
        }
        else
        {
            using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
            connection.Open();
            StateDatabase.Run(connection, "PRAGMA user_version = 99");
        }

        var error = Assert.Throws<DataDirectoryException>(() => StateDatabase.Open(path));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
