using System.Text;
using Tidings.Brokers;
using Tidings.Data.Files;
using Tidings.Data.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Data.Tests;

/// <summary>What is there after a restart, a kill, and after the machine itself went down.</summary>
public sealed class RestartTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public RestartTests() => _world = new DataWorld(_time);

    [Fact]
    public async Task Positions_stay_good_over_a_restart_and_numbers_go_on()
    {
        var node = _world.Start();
        var absent = (await node.ReadAsync("silent")).Top;
        var third = default(StreamPosition);
        for (var i = 1; i <= 10; i++)
        {
            var position = await node.SayAsync("news", $"{i}");
            third = i == 3 ? position : third;
        }

        for (var round = 0; round < 3; round++)
        {
            node = await _world.RestartAsync();
            Assert.Equal(["4", "5", "6", "7", "8", "9", "10"], Texts(await node.ReadAsync("news", third)).Take(7));
            Assert.Equal(11 + round, (await node.SayAsync("news", "more")).Offset);
            Assert.Equal(absent, (await node.ReadAsync("silent")).Top);
        }

        Assert.Equal(absent with { Offset = 1 }, await node.SayAsync("silent", "first"));
        Assert.Equal(["first"], Texts(await node.ReadAsync("silent", absent)));
    }

    [Fact]
    public async Task What_anybody_was_shown_is_there_after_a_kill()
    {
        var node = _world.Start();
        var shown = new List<StreamPosition>();
        for (var i = 0; i < 500; i++)
        {
            shown.Add(await node.SayAsync($"c{i % 7}", $"{i}", history: 1000));
        }

        await using var killed = _world.Kill();
        var after = killed.Start();
        for (var i = 0; i < 500; i++)
        {
            Assert.Equal($"{i}", Texts(await after.ReadAsync($"c{i % 7}", shown[i] with { Offset = shown[i].Offset - 1 }, limit: 1)).Single());
        }

        Assert.Equal(shown[^1] with { Offset = shown[^1].Offset + 1 }, await after.SayAsync("c2", "next"));
    }

    [Fact]
    public async Task After_the_machine_went_down_messages_are_there_and_no_position_is_used_again()
    {
        var node = _world.Start();
        var last = await node.SayAsync("news", "one", durable: true);
        await using var killed = _world.Kill();
        killed.Boot = "second";
        var after = killed.Start();
        Assert.False((await after.ReadAsync("news", last)).Recovered);
        Assert.Equal(["one"], Texts(await after.ReadAsync("news", last: 10)));
        var next = await after.SayAsync("news", "two");
        Assert.NotEqual(last.Epoch, next.Epoch);
        Assert.Equal(2, next.Offset);
    }

    [Fact]
    public async Task A_machine_that_was_started_anew_after_the_server_had_ended_changes_nothing()
    {
        var last = await _world.Start().SayAsync("news", "one");
        await _world.StopAsync();
        _world.Boot = "second";
        var node = _world.Start();
        Assert.True((await node.ReadAsync("news", last)).Recovered);
        Assert.Equal(last with { Offset = 2 }, await node.SayAsync("news", "two"));
    }

    [Fact]
    public async Task A_directory_that_was_renewed_has_its_messages_under_new_epochs()
    {
        var last = await _world.Start().SayAsync("news", "one");
        await _world.StopAsync();
        Manifest.Read(_world.Layout)!.Renewed().Write(_world.Layout);
        var node = _world.Start();
        Assert.False((await node.ReadAsync("news", last)).Recovered);
        Assert.Equal(["one"], Texts(await node.ReadAsync("news", last: 10)));
    }

    [Fact]
    public async Task Keys_are_remembered_for_as_long_as_was_said()
    {
        var node = _world.Start();
        var first = await node.SayAsync("news", "one", "key");
        await node.SayAsync("unkept", "one", "key", history: 0);
        _time.Advance(TimeSpan.FromMinutes(4));
        node = await _world.RestartAsync();
        Assert.Equal(first, await node.SayAsync("news", "again", "key", durable: true));
        Assert.Equal(1, (await node.SayAsync("unkept", "again", "key", history: 0)).Offset);
        _time.Advance(TimeSpan.FromMinutes(2));
        node = await _world.RestartAsync();
        Assert.Equal(2, (await node.SayAsync("news", "anew", "key")).Offset);
    }

    [Fact]
    public async Task A_log_of_which_nothing_is_kept_does_not_begin_anew()
    {
        var node = _world.Start();
        var last = default(StreamPosition);
        for (var i = 0; i < 5; i++)
        {
            last = await node.SayAsync("cursor", "x", history: 0);
        }

        node = await _world.RestartAsync();
        Assert.Equal(last, (await node.ReadAsync("cursor")).Top);
        Assert.Equal(last with { Offset = 6 }, await node.SayAsync("cursor", "x", history: 0));
    }

    [Fact]
    public async Task All_of_a_message_is_there_after_a_restart()
    {
        var node = _world.Start();
        byte[] hidden = [0, 1, 2, 255];
        const string Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        var data = MessageData.Text("grüß \"Gott\"\n\u2028 \0 😀");
        await node.Broker.PublishAsync(new Publication("ünï/kanal", data) { From = "ü\"", Key = "k\\ey", Hidden = hidden, TraceParent = Trace });
        var before = Assert.Single((await node.ReadAsync("ünï/kanal", last: 1)).Messages);
        node = await _world.RestartAsync();
        var message = Assert.Single((await node.ReadAsync("ünï/kanal", last: 1)).Messages);
        Assert.Equal((before.Position, before.Time, before.From, before.Key, Trace), (message.Position, message.Time, message.From, message.Key, message.TraceParent));
        Assert.Equal(hidden, message.Hidden!.Value.ToArray());
        Assert.Equal(data.Bytes.ToArray(), message.Data.Bytes.ToArray());
        Assert.Equal(DataKind.Text, message.Data.Kind);
    }

    [Fact]
    public async Task A_forgotten_log_stays_forgotten_and_its_epochs_are_never_used_again()
    {
        var epochs = new HashSet<string>();
        var node = _world.Start();
        for (var i = 0; i < 10; i++)
        {
            var top = (await node.ReadAsync("brief")).Top;
            Assert.True(epochs.Add(top.Epoch), $"round {i}");
            Assert.Equal(top with { Offset = 1 }, await node.SayAsync("brief", "x", age: TimeSpan.FromMinutes(1)));
            _time.Advance(TimeSpan.FromMinutes(10));
            Assert.Empty((await node.ReadAsync("brief", last: 10)).Messages);
            node = await _world.RestartAsync();
        }
    }

    [Fact]
    public async Task Wall_clocks_that_jump_neither_end_messages_nor_keep_them_for_ever()
    {
        await _world.Start().SayAsync("news", "one", age: TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromMinutes(59));
        var node = await _world.RestartAsync();
        Assert.Single((await node.ReadAsync("news", last: 10)).Messages);
        _time.Advance(TimeSpan.FromMinutes(2));
        node = await _world.RestartAsync();
        Assert.Empty((await node.ReadAsync("news", last: 10)).Messages);
    }

    [Fact]
    public void A_second_process_is_told_who_has_the_directory()
    {
        _world.Start();
        var error = Assert.Throws<DataDirectoryException>(() => new DataWorld(directory: _world.Layout.Root).Start());
        Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static IEnumerable<string> Texts(HistoryPart part)
    {
        Assert.True(part.Recovered);
        return part.Messages.Select(static message => Encoding.UTF8.GetString(message.Data.Bytes.Span));
    }
}
