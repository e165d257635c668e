using Tidings.Brokers;
using Tidings.Resources.Feed;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;
using Tidings.Quotas;
using Tidings.Testing;

namespace Tidings.EntityFrameworkCore.Tests.BadInput;

/// <summary>A place that is scarce is held for no longer than the database needs, whatever its holder likes.</summary>
public sealed class B52_SlowReaders
{
    private const int Slow = 12;

    [Fact]
    public async Task Slow_readers_of_all_rows_keep_nobody_waiting_and_no_transaction_open()
    {
        var database = PostgreSqlServer.Shared.CreateDatabase();
        await using var app = await ShopApp.StartAsync(database);
        await app.UseAsync(static db => db.Database.ExecuteSqlRawAsync("""
            INSERT INTO "Items" ("Name", "Category", "Price", "Owner", "PasswordHash", "Place_Shelf") SELECT 'item ' || i, repeat('x', 10000), 1, '', '', '' FROM generate_series(1, 2000) AS i
            """));
        var readers = new List<RawWebSocket>();
        for (var i = 0; i < Slow; i++)
        {
            var reader = await RawWebSocket.ConnectAsync(app.Port, "/ws/items", new RawOptions { ReceiveBuffer = 4096 });
            await reader.SendTextAsync("""{"type":"subscribe"}""");
            readers.Add(reader);
        }

        // Each has got something, and reads no more of it.
        foreach (var reader in readers)
        {
            await reader.ReceiveAsync();
        }

        var (another, initial) = await app.SubscribeAsync(command: """{"type":"subscribe","filter":{"name":"item 7"}}""");
        await using var _ = another;
        Assert.Single(initial.GetProperty("data").EnumerateArray());
        var name = new Npgsql.NpgsqlConnectionStringBuilder(database).Database!;
        await Eventually.EqualAsync(
            "0", () => PostgreSqlServer.Shared.Query(name, $"select count(*) from pg_stat_activity where datname = '{name}' and state like 'idle in transaction%'"), "open transactions");

        // One that reads on gets all of it.
        await app.AddAsync("the last");
        var patient = await app.ConnectAsync();
        await using var _p = patient;
        await patient.SendAsync("""{"type":"subscribe"}""");
        var rows = 0;
        System.Text.Json.JsonElement part;
        do
        {
            part = await patient.ExpectAsync("initial");
            rows += part.GetProperty("data").GetArrayLength();
        }
        while (part.TryGetProperty("more", out var _));
        Assert.Equal(2001, rows);
        foreach (var reader in readers)
        {
            await reader.DisposeAsync();
        }
    }

    [Fact]
    public async Task One_sender_has_half_of_the_places_and_the_others_are_served()
    {
        var places = new ReadingPlaces(new ManualTime());
        var (hog, other) = (Sender.Of("hog", default), Sender.Of("other", default));
        var held = new List<IDisposable>();
        for (var i = 0; i < ReadingPlaces.PlacesOfOne; i++)
        {
            held.Add(await places.EnterAsync(hog, CancellationToken.None));
        }

        var waiting = places.EnterAsync(hog, CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        using (await places.EnterAsync(other, CancellationToken.None).WaitAsync(Eventually.Limit))
        {
            Assert.False(waiting.IsCompleted);
        }

        held[0].Dispose();
        (await waiting.WaitAsync(Eventually.Limit)).Dispose();
    }

    [Fact]
    public async Task Waiting_for_a_place_has_an_end()
    {
        var time = new ManualTime();
        var places = new ReadingPlaces(time);
        for (var i = 0; i < ReadingPlaces.Places; i++)
        {
            await places.EnterAsync(Sender.Of($"user {i}", default), CancellationToken.None);
        }

        var waiting = places.EnterAsync(Sender.Of("another", default), CancellationToken.None);
        time.Advance(ReadingPlaces.LongestWait + TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => waiting.WaitAsync(Eventually.Limit));
    }
}
