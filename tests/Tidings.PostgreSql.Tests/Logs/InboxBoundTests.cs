using System.Globalization;
using System.Text;
using Npgsql;
using Tidings.Brokers;
using Tidings.PostgreSql.Databases;
using Tidings.PostgreSql.Logs;
using Tidings.PostgreSql.Tests.World;
using Tidings.Protocol;

namespace Tidings.PostgreSql.Tests.Logs;

/// <summary>What is taken from the inbox at once is bounded, and what may stand in it is what a node would keep. No node is at work here.</summary>
public sealed class InboxBoundTests : IAsyncLifetime
{
    private readonly SharedDatabase _database = new();
    private NpgsqlConnection _connection = null!;

    public async ValueTask InitializeAsync()
    {
        _connection = new NpgsqlConnection(_database.ConnectionString);
        await _connection.OpenAsync();
        await SchemaScript.EnsureAsync(_connection);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [Fact]
    public async Task Eight_megabytes_are_taken_at_once_and_what_a_node_says_waits_for_the_rest()
    {
        _database.Query("SELECT tidings.publish('big', to_json(repeat('x', 5 << 20))) FROM generate_series(1, 5)");
        _database.Query("SELECT tidings.publish('other', '1') FROM generate_series(1, 3)");
        Assert.Equal((2, true), await StepAsync("big", "big"));
        Assert.Equal((2, true), await StepAsync(null, "big", "other"));
        Assert.Equal((3, false), await StepAsync("other", "other"));
        Assert.Equal((1, false), await StepAsync("big", "big"));
        Assert.Equal((0, false), await StepAsync(null, "big"));
        Assert.Equal("big 6, other 4", _database.Query("SELECT string_agg(name || ' ' || tidings.top_1(name), ', ' ORDER BY name) FROM tidings.channels"));
    }

    [Fact]
    public async Task A_thousand_messages_are_taken_at_once()
    {
        _database.Query("SELECT tidings.publish('many', n::text) FROM generate_series(1, 2000) n");
        Assert.Equal((1000, true), await StepAsync("many", "many"));
        Assert.Equal((1000, false), await StepAsync("many", "many"));
        Assert.Equal("2001", _database.Query("SELECT tidings.top_1('many')"));
    }

    [Fact]
    public async Task Each_sign_that_may_stand_in_a_name_for_a_node_may_for_SQL_and_no_other()
    {
        var runes = Enumerable.Range(1, 0x10FFFF).Where(Rune.IsValid).ToArray();
        await using var command = new NpgsqlCommand("SELECT array(SELECT tidings.is_name_1('a' || chr(c)) FROM unnest($1) WITH ORDINALITY u(c, n) ORDER BY n)", _connection) { Parameters = { new() { Value = runes } }, CommandTimeout = 60 };
        var answer = (bool[])(await command.ExecuteScalarAsync())!;
        var others = runes.Where((rune, index) => ChannelName.IsValid($"a{new Rune(rune)}") != answer[index]).Select(static rune => rune.ToString("x", CultureInfo.InvariantCulture));
        Assert.Equal("", string.Join(" ", others));
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void A_name_has_255_bytes_at_most(int bytes, bool valid)
    {
        var name = "é" + new string('x', bytes - 2);
        Assert.Equal(valid, ChannelName.IsValid(name));
        Assert.Equal(valid ? "t" : "f", _database.Query($"SELECT tidings.is_name_1('{name}')"));
    }

    private async Task<(int Taken, bool More)> StepAsync(string? says, params string[] inbox)
    {
        var batch = new PublishBatch(static _ => new Retention(10_000, TimeSpan.FromHours(1)), static _ => "");
        foreach (var channel in inbox)
        {
            batch.AddInbox(channel);
        }

        if (says is not null)
        {
            batch.Add(PublishItem.Of(new Publication(says, Messages.MessageData.Text("said")) { Retention = new Retention(10_000, TimeSpan.FromHours(1)) }));
        }

        var answer = await PublishQueue.RunAsync(_connection, batch.ToStatement(_database.Query("SELECT generation FROM tidings.cluster"), InboxMark.Unknown, tries: says is null));
        Assert.Equal(says is null || answer.More ? 0 : 1, answer.Places.Length);
        return (answer.Taken, answer.More);
    }
}
