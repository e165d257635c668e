using Npgsql;
using Tidings.EntityFrameworkCore.Contexts;
using Tidings.EntityFrameworkCore.Publishing;
using Tidings.EntityFrameworkCore.Relay;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Outbox;

/// <summary>A relay whose session is half open, or whose node stood still: another goes on within seconds, and nothing is told twice.</summary>
public sealed class F24_Relay
{
    // What is asked for is 5 s; a machine that does something else besides may take its time.
    private static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_session_that_is_half_open_loses_the_outbox_to_another_node()
    {
        var database = PostgreSqlServer.Shared.CreateDatabase();
        await using var link = new FaultProxy(PostgreSqlServer.Shared.Port);
        var through = new NpgsqlConnectionStringBuilder(database) { Port = link.Port }.ConnectionString;
        await using var first = await ShopApp.StartAsync(through);
        await first.AddAsync("a");
        await OffsetAsync(first, 1);
        await using var second = await ShopApp.StartAsync(database, create: false);

        link.Up.Fault = link.Down.Fault = Fault.Blackhole;
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 5; i++)
        {
            await second.AddAsync($"b {i}");
        }

        await OffsetAsync(second, 5);
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TakeOver, $"{TimeProvider.System.GetElapsedTime(began)}");

        // The old holder comes back, and says nothing of what the other has said.
        link.Up.Fault = link.Down.Fault = Fault.None;
        link.CutAll();
        await second.AddAsync("c");
        await OffsetAsync(second, 6);
        Assert.Equal(1L, (await first.Tidings.HistoryAsync("resource:items")).Position.Offset);
    }

    [Fact]
    public async Task A_holder_that_says_nothing_loses_its_lock_within_the_lease()
    {
        await using var app = await ShopApp.StartAsync(PostgreSqlServer.Shared.CreateDatabase());
        await using var session = await OpenAsync(app, TimeProvider.System);
        Assert.True(await LockAsync(session));
        await using var follower = await OpenAsync(app, TimeProvider.System);
        Assert.False(await LockAsync(follower));

        // The one asks on, the other stands still.
        var began = TimeProvider.System.GetTimestamp();
        while (!await LockAsync(follower))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TakeOver, "the lock is not to be had");
            await Task.Delay(200);
        }

        await Assert.ThrowsAsync<RelayLostException>(() => session.KeepAsync(CancellationToken.None).AsTask());
    }

    [Theory]
    [InlineData(6 * 60, 6 * 60), InlineData(0, 6 * 60), InlineData(6 * 60, 0), InlineData(6 * 60, -3600)]
    public async Task A_holder_that_stood_still_asks_before_it_publishes(int seconds, int wallSeconds)
    {
        await using var app = await ShopApp.StartAsync(PostgreSqlServer.Shared.CreateDatabase());
        var clock = new Clock();
        await using var session = await OpenAsync(app, clock);
        Assert.True(await LockAsync(session));
        await session.KeepAsync(CancellationToken.None);

        // PostgreSQL has ended the session meanwhile.
        await app.UseAsync(static async db => await db.Database.ExecuteSqlRawAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid <> 0 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"));
        clock.Passed = TimeSpan.FromSeconds(seconds);
        clock.PassedOnTheWall = TimeSpan.FromSeconds(wallSeconds);
        await Assert.ThrowsAsync<RelayLostException>(() => session.KeepAsync(CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task A_holder_that_waits_for_the_broker_keeps_its_lock()
    {
        await using var app = await ShopApp.StartAsync(PostgreSqlServer.Shared.CreateDatabase());
        await using var session = await OpenAsync(app, TimeProvider.System);
        Assert.True(await LockAsync(session));
        await session.WhileKeepingAsync(Task.Delay(PostgreSqlRelaySession.Lease + TimeSpan.FromSeconds(1.5)), CancellationToken.None);
        await session.KeepAsync(CancellationToken.None);
        Assert.True(await LockAsync(session));
    }

    [Fact]
    public async Task A_connection_that_goes_back_to_its_pool_takes_neither_lock_nor_lease_along()
    {
        var database = PostgreSqlServer.Shared.CreateDatabase();
        await using (var app = await ShopApp.StartAsync(database))
        {
            await app.AddAsync("a");
            await OffsetAsync(app, 1);
        }

        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT current_setting('idle_session_timeout') || ' ' || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
        await Eventually.TrueAsync(async () => (string)(await command.ExecuteScalarAsync())! == "0 0", () => "lock and lease are gone");
    }

    private static async Task<PostgreSqlRelaySession> OpenAsync(ShopApp app, TimeProvider time) =>
        (await PostgreSqlRelaySession.OpenAsync(app.Services.GetRequiredService<LiveContext<ShopDb>>(), time, CancellationToken.None))!;

    private static async Task<bool> LockAsync(PostgreSqlRelaySession session) =>
        (bool)(await session.AskAsync("SELECT pg_try_advisory_lock(4711)", null, static command => command.ExecuteScalarAsync(), CancellationToken.None))!;

    private static Task OffsetAsync(ShopApp app, long offset) => Eventually.EqualAsync(offset, () => app.Tidings.HistoryAsync("resource:items").AsTask().Result.Position.Offset, "events");

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public TimeSpan PassedOnTheWall { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Passed.TotalSeconds * TimestampFrequency);

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + PassedOnTheWall;
    }
}
