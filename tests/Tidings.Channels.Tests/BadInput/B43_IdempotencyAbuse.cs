using Tidings.Brokers;
using Tidings.Messages;

namespace Tidings.Channels.Tests.BadInput;

/// <summary>Keys that are used for something else than retries.</summary>
public sealed class B43_IdempotencyAbuse : CommandAttack
{
    [Fact]
    public void The_same_key_with_another_body_is_the_original()
    {
        var peer = NewPeer("ann");
        var first = peer.Send("""{"type":"publish","channel":"chat:a","data":"one","idempotencyKey":"k"}""").Receive();
        Assert.Equal(first, peer.Send("""{"type":"publish","channel":"chat:a","data":"two","idempotencyKey":"k"}""").Receive());
        Assert.DoesNotContain("two", peer.Send("""{"type":"history","channel":"chat:a"}""").Receive());
    }

    [Fact]
    public async Task Nobody_s_key_is_another_s()
    {
        NewPeer("mallory").Send("""{"type":"publish","channel":"chat:a","data":"bad","idempotencyKey":"order-1"}""");
        NewPeer().Send("""{"type":"publish","channel":"chat:a","data":"bad","idempotencyKey":"order-1"}""");
        var ann = NewPeer("ann").Send("""{"type":"publish","channel":"chat:a","data":"good","idempotencyKey":"order-1"}""").Receive();
        Assert.Contains("\"offset\":3", ann);
        var server = await Rig.Broker.PublishAsync(new Publication("chat:a", MessageData.Text("good")) { IdempotencyKey = "order-1" });
        Assert.Equal(4, server!.Value.Offset);
    }

    [Theory]
    [InlineData(128, "published")]
    [InlineData(129, "bad_request")]
    [InlineData(10_240, "bad_request")]
    public void Keys_are_short(int length, string expected) => Assert.Equal(
        expected, CodeOf(NewPeer().Send($$"""{"type":"publish","channel":"chat:a","data":1,"idempotencyKey":"{{new string('k', length)}}"}""").Receive()));

    [Fact]
    public async Task Many_at_once_make_one_entry()
    {
        for (var round = 0; round < 100; round++)
        {
            var key = $"round{round}";
            using var start = new Barrier(4);
            var offsets = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
            {
                start.SignalAndWait();
                return Rig.Broker.PublishAsync(new Publication("chat:race", MessageData.Text("x")) { IdempotencyKey = key }).AsTask();
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
            Assert.All(offsets, offset => Assert.Equal(round + 1, offset!.Value.Offset));
        }
    }
}
