using System.Text;
using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Channels.Tests.Units;

/// <summary>What is erased while it waits for a slow reader is not sent any more, in whatever form it waits.</summary>
public sealed class ErasedBacklogTests : IDisposable
{
    private static readonly Retention Kept = Retention.Default with { State = new StateBounds(1000, 1 << 20) };

    private readonly SteppedBroker _broker = new();
    private readonly Rig _rig;
    private readonly SteppedLane _lane;

    public ErasedBacklogTests()
    {
        _rig = new Rig(new RigOptions { Broker = _broker.Around, Kinds = [new ChannelKind(new ChannelPattern("board:*")) { Retention = Kept }] });
        _lane = new SteppedLane(_rig.Time, _rig.Log);
    }

    [Theory]
    [InlineData("\"last\":100", false)]
    [InlineData("\"last\":3", true)]
    [InlineData("\"since\":{\"epoch\":\"EPOCH\",\"offset\":0}", false)]
    public async Task A_message_that_waits_in_the_log_and_in_the_state_goes_from_both_and_is_told(string beginning, bool isInQueue)
    {
        var positions = new List<StreamPosition>();
        for (var i = 0; i < 20; i++)
        {
            positions.Add(await SetAsync($"k{i}", $"secret-{i}-"));
        }

        var peer = new Peer(_rig, _lane);
        peer.Wire.SetRoom(0);
        peer.Send($$"""{"type":"subscribe","channel":"board:1",{{beginning.Replace("EPOCH", positions[0].Epoch, StringComparison.Ordinal)}},"state":true}""");
        Assert.Equal(1, await _rig.Broker.EraseAsync("board:1", positions[^1]));
        _lane.Post(new LaneAction(() => peer.Wire.SetRoom(long.MaxValue)));
        peer.Run();
        var all = peer.ReceiveAll();
        Assert.Contains(all, text => text == """{"type":"removed","channel":"board:1","offset":20}""");
        Assert.Contains(all, text => text.Contains("\"more\":false", StringComparison.Ordinal));
        Assert.Contains(all, text => text.Contains("\"state\"", StringComparison.Ordinal) && text.Contains("secret-18-", StringComparison.Ordinal));
        Assert.Equal(isInQueue, all.Any(static text => text.Contains("\"message\"", StringComparison.Ordinal) && text.Contains("secret-19-", StringComparison.Ordinal)));
        Assert.DoesNotContain(all, static text => text.Contains("\"state\"", StringComparison.Ordinal) && text.Contains("secret-19-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"last\":100", false)]
    [InlineData("\"since\":{\"epoch\":\"EPOCH\",\"offset\":0}", false)]
    [InlineData("\"last\":100,\"conflate\":true", false)]
    [InlineData("\"state\":true", true)]
    [InlineData("\"last\":3,\"state\":true", true)]
    public async Task Nothing_of_an_erased_log_goes_out_that_is_not_in_the_queue_yet(string beginning, bool hasState)
    {
        var position = default(StreamPosition);
        for (var i = 0; i < 100; i++)
        {
            position = await SetAsync($"k{i}", $"secret-{i}-");
        }

        var peer = new Peer(_rig, _lane);
        peer.Wire.SetRoom(0);
        peer.Send($$"""{"type":"subscribe","channel":"board:1",{{beginning.Replace("EPOCH", position.Epoch, StringComparison.Ordinal)}}}""");
        await SetAsync("k100", "secret-100-");
        peer.Run();
        await _rig.Broker.EraseAsync("board:1", null);
        var next = await SetAsync("k0", "next");
        peer.Run();
        _lane.Post(new LaneAction(() => peer.Wire.SetRoom(long.MaxValue)));
        peer.Run();
        var all = peer.ReceiveAll();
        var isInQueue = beginning.Contains("\"last\":3", StringComparison.Ordinal);
        Assert.DoesNotContain(all, text => text.Contains("secret-100-", StringComparison.Ordinal) || (text.Contains("secret-99-", StringComparison.Ordinal) && !(isInQueue && text.Contains("\"message\"", StringComparison.Ordinal))));
        Assert.Equal(hasState, all.Any(static text => text.Contains("\"more\":false", StringComparison.Ordinal)));
        Assert.Contains(all, text => text.StartsWith($$"""{"type":"gap","channel":"board:1","epoch":"{{next.Epoch}}","offset":0,""", StringComparison.Ordinal) && text.Contains("\"cleared\"", StringComparison.Ordinal));
        Assert.Contains("\"next", all[^1], StringComparison.Ordinal);
        Assert.Null(peer.CloseCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_read_before_its_log_was_erased_is_not_told(bool readsLater)
    {
        await SetAsync("k", "secret-");
        var peer = new Peer(_rig, _lane);
        _broker.Delays = true;
        if (!readsLater)
        {
            _broker.DelaysAnswers = true;
        }

        peer.Send("""{"type":"subscribe","channel":"board:1","last":10,"state":true}""");
        await _rig.Broker.EraseAsync("board:1", null);
        _broker.ReleaseAll();
        peer.Run();
        var all = peer.ReceiveAll();
        Assert.DoesNotContain(all, text => text.Contains("secret-", StringComparison.Ordinal));
        Assert.Single(all, """{"type":"state","channel":"board:1","entries":[],"more":false}""");
        Assert.Equal(readsLater ? 0 : 1, all.Count(static text => text.Contains("\"cleared\"", StringComparison.Ordinal)));
    }

    public void Dispose()
    {
        _rig.Dispose();
        _lane.Dispose();
    }

    private async Task<StreamPosition> SetAsync(string key, string text) =>
        (await _rig.Broker.PublishAsync(new Publication("board:1", new MessageData(DataKind.Json, Encoding.UTF8.GetBytes($"\"{text}{new string('x', 2000)}\"")))
        {
            Key = key,
            Retention = Kept,
        }))!.Value;
}
