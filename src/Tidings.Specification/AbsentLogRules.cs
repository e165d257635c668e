using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Xunit;

namespace Tidings.Specification;

/// <summary>B49: a name that is only read makes nothing. Its log has an epoch all the same, which its first message takes, and which is never used again.</summary>
public abstract class AbsentLogRules
{
    protected string Channel { get; } = $"absent:{Guid.NewGuid():n}";

    protected abstract Task<EngineNode> NodeAsync();

    /// <summary>How many logs are kept.</summary>
    protected abstract Task<long> LogsAsync();

    /// <summary>Has a log end by its age, unnoticed by anybody.</summary>
    protected abstract Task ForgetAsync(string channel);

    [Fact]
    public async Task Names_that_are_read_and_listened_to_leave_nothing_behind()
    {
        var node = await NodeAsync();
        var before = await LogsAsync();
        for (var i = 0; i < 2_000; i++)
        {
            var part = await node.ReadAsync($"{Channel}.{i}", last: 10);
            Assert.Equal(0, part.Top.Offset);
            Assert.False((await node.ReadAsync($"{Channel}.{i}", new StreamPosition("0123456789abcdef", 7))).Recovered);
            Assert.Null(await node.Broker.PublishAsync(new Publication($"{Channel}.{i}", MessageData.Text("typing")) { Ephemeral = true }));
        }

        for (var i = 0; i < 100; i++)
        {
            using var listener = await Listener.OnAsync(node, $"{Channel}.{i}");
        }

        // Those of others may have ended meanwhile.
        Assert.InRange(await LogsAsync(), 0, before);
    }

    [Fact]
    public async Task The_first_message_takes_the_epoch_that_was_read()
    {
        var (one, two) = (await NodeAsync(), await NodeAsync());
        for (var i = 0; i < 300; i++)
        {
            var name = $"{Channel}.{i}";
            var top = (await one.ReadAsync(name)).Top;
            Assert.Equal(top, (await two.ReadAsync(name)).Top);
            Assert.True((await one.ReadAsync(name, top)).Recovered);
            Assert.Equal(top with { Offset = 1 }, await two.SayAsync(name, "one"));
            Assert.Single((await one.ReadAsync(name, top)).Messages);
        }
    }

    [Fact]
    public async Task No_epoch_of_a_name_is_used_again()
    {
        var node = await NodeAsync();
        var epochs = new HashSet<string>();
        for (var i = 0; i < 150; i++)
        {
            var top = (await node.ReadAsync(Channel)).Top;
            Assert.True(epochs.Add(top.Epoch));
            var said = await node.SayAsync(Channel, $"{i}", age: TimeSpan.FromMinutes(1));
            Assert.Equal(top with { Offset = 1 }, said);
            await ForgetAsync(Channel);
            Assert.False((await node.ReadAsync(Channel, said)).Recovered);
            Assert.False((await node.ReadAsync(Channel, top)).Recovered);
        }
    }
}
