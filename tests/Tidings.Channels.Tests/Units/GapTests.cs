using System.Text.Json;
using TestKit;
using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Channels.Tests.Units;

/// <summary>What is lost is told once to each who has lost it, and to nobody else; what comes after it is told as if nothing had been.</summary>
public sealed class GapTests : IDisposable
{
    private readonly Rig _rig = new(new RigOptions { Kinds = [new ChannelKind(new ChannelPattern("*")) { Publish = ChannelAccess.Anyone }] });
    private readonly SteppedLane _lane;
    private readonly MetricProbe _probe;
    private string _epoch = "";

    public GapTests()
    {
        _lane = new SteppedLane(_rig.Time, _rig.Log);
        _probe = new MetricProbe(_rig);
    }

    [Fact]
    public async Task A_hole_is_told_once_to_each_who_was_there_and_the_messages_after_it_tell_none()
    {
        var peers = new[] { Subscribe(), Subscribe(), Subscribe("\"conflate\":false,") };
        await BeginAsync(peers, 2);
        Deliver(6, 7, 9);
        peers[0].Run();
        foreach (var peer in peers)
        {
            Assert.Equal(["gap 3-5", "6", "7", "gap 8-8", "9"], Told(peer));
        }

        Deliver(10);
        peers[0].Run();
        Assert.All(peers, static peer => Assert.Equal(["10"], Told(peer)));
        Assert.Equal(6, _probe.Sum("tidings.gaps/trimmed"));
    }

    [Fact]
    public async Task A_hole_between_messages_of_one_turn_or_of_two_is_told_once()
    {
        var peers = new[] { Subscribe(), Subscribe() };
        await BeginAsync(peers, 1);
        Deliver(2);
        peers[0].Run();
        Deliver(4);
        peers[0].Run();
        Deliver(5);
        peers[0].Run();
        Assert.All(peers, static peer => Assert.Equal(["2", "gap 3-3", "4", "5"], Told(peer)));
        Assert.Equal(2, _probe.Sum("tidings.gaps/trimmed"));
    }

    [Fact]
    public async Task What_is_announced_as_gone_is_told_once_however_often_it_is_announced_and_not_again_by_the_next_message()
    {
        var peers = new[] { Subscribe(), Subscribe("\"conflate\":true,") };
        await BeginAsync(peers, 2);
        for (var i = 0; i < 3; i++)
        {
            _rig.Hub.Announce("a", new StreamPosition(_epoch, 8));
            peers[0].Run();
        }

        _rig.Hub.Announce("a", new StreamPosition(_epoch, 5));
        Deliver(9);
        peers[0].Run();
        Assert.All(peers, static peer => Assert.Equal(["gap 3-8", "9"], Told(peer)));
        Assert.Equal(2, _probe.Sum("tidings.gaps/trimmed"));
    }

    [Fact]
    public async Task Who_has_seen_all_that_is_announced_is_told_nothing()
    {
        var peers = new[] { Subscribe(), Subscribe("\"conflate\":true,") };
        await BeginAsync(peers, 4);
        _rig.Hub.Announce("a", new StreamPosition(_epoch, 4));
        _rig.Hub.Announce("a", new StreamPosition(_epoch, 1));
        peers[0].Run();
        Deliver(5);
        peers[0].Run();
        Assert.All(peers, static peer => Assert.Equal(["5"], Told(peer)));
        Assert.Equal(0, _probe.Sum("tidings.gaps/trimmed") + _probe.Sum("tidings.gaps/epoch") + _probe.Sum("tidings.gaps/slow"));
    }

    [Fact]
    public async Task Another_epoch_is_told_once_and_its_messages_follow()
    {
        var peers = new[] { Subscribe(), Subscribe() };
        await BeginAsync(peers, 3);
        _epoch = "another";
        _rig.Hub.Announce("a", new StreamPosition(_epoch, 2));
        _rig.Hub.Announce("a", new StreamPosition(_epoch, 2));
        Deliver(3, 4);
        peers[0].Run();
        Assert.All(peers, static peer => Assert.Equal(["gap 4-3", "3", "4"], Told(peer)));
        Assert.Equal(2, _probe.Sum("tidings.gaps/epoch"));
    }

    [Fact]
    public async Task Who_comes_after_the_loss_misses_nothing_and_is_told_nothing()
    {
        var old = Subscribe();
        await BeginAsync([old], 2);
        Deliver(6);
        old.Run();
        var newcomer = Subscribe();
        newcomer.ReceiveAll();
        old.ReceiveAll();
        Deliver(7);
        old.Run();
        Assert.Equal(["7"], Told(old));

        // The log itself, from which it took its position, goes to 2: the hole is this test's and not the log's.
        Assert.Equal(["gap 3-6", "7"], Told(newcomer));
        Deliver(8);
        old.Run();
        Assert.All([old, newcomer], static peer => Assert.Equal(["8"], Told(peer)));
    }

    [Fact]
    public async Task Who_was_behind_and_has_caught_up_gets_what_all_get_and_no_gap_of_its_own()
    {
        var quick = Subscribe();
        await BeginAsync([quick], 2);
        var slow = Subscribe();
        slow.ReceiveAll();
        _lane.Post(new LaneAction(() => slow.Wire.SetRoom(0)));
        Publish("x");
        Publish("y");
        slow.Run();
        _lane.Post(new LaneAction(() => slow.Wire.SetRoom(long.MaxValue)));
        Publish("z");
        slow.Run();
        Assert.Equal(["3", "4", "5"], Told(quick));
        Assert.Equal(["3", "4", "5"], Told(slow));
        Deliver(9);
        slow.Run();
        Assert.All([quick, slow], static peer => Assert.Equal(["gap 6-8", "9"], Told(peer)));
        Assert.Equal(2, _probe.Sum("tidings.gaps/trimmed"));
    }

    [Fact]
    public async Task Who_comes_back_to_what_is_gone_is_told_by_recovered_false_and_by_no_gap()
    {
        var peer = Subscribe();
        await BeginAsync([peer], 3);
        var back = new Peer(_rig, _lane).Send("""{"type":"subscribe","channel":"a","since":{"epoch":"gone","offset":7}}""");
        Assert.False(back.ReceiveJson().GetProperty("recovered").GetBoolean());
        Deliver(4);
        back.Run();
        Assert.DoesNotContain(Told(back), static text => text.StartsWith("gap", StringComparison.Ordinal));
        Assert.Equal(0, _probe.Sum("tidings.gaps/epoch"));
    }

    public void Dispose()
    {
        _probe.Dispose();
        _lane.Dispose();
        _rig.Dispose();
    }

    private Peer Subscribe(string fields = "") => new Peer(_rig, _lane).Send($$"""{{{fields}}"type":"subscribe","channel":"a"}""");

    // Real messages first, so that all are live and the log has an epoch.
    private async Task BeginAsync(IReadOnlyList<Peer> peers, int messages)
    {
        for (var i = 0; i < messages; i++)
        {
            Publish("begun");
        }

        peers[0].Run();
        foreach (var peer in peers)
        {
            peer.ReceiveAll();
        }

        _epoch = (await _rig.Broker.ReadAsync("a", default)).Top.Epoch!;
    }

    private void Publish(string text) =>
        _ = _rig.Broker.PublishAsync(new Publication("a", new MessageData(DataKind.Json, System.Text.Encoding.UTF8.GetBytes($"\"{text}\"")))).AsTask();

    // As a broker does that has lost some.
    private void Deliver(params long[] offsets)
    {
        foreach (var offset in offsets)
        {
            _rig.Hub.Deliver(new Message { Channel = "a", Position = new(_epoch, offset), Time = 0, Data = new MessageData(DataKind.Json, "1"u8.ToArray()) });
        }
    }

    private static List<string> Told(Peer peer) => [.. peer.ReceiveAll().Select(static text => JsonDocument.Parse(text).RootElement).Select(static json =>
        json.GetProperty("type").GetString() switch
        {
            "gap" => $"gap {json.GetProperty("from")}-{json.GetProperty("to")}",
            "message" => json.GetProperty("offset").GetRawText(),
            var other => other!,
        })];
}
