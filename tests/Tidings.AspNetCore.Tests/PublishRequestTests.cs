namespace Tidings.AspNetCore.Tests;

/// <summary>Handlers of messages decide about all that a client wants, keys and removals too.</summary>
public sealed class PublishRequestTests
{
    [Fact]
    public async Task A_handler_sees_what_comes_with_the_message()
    {
        PublishRequest? seen = null;
        await using var node = await TestNode.StartAsync(map: channels => channels.MapChannel("board:{name}").WithState().OnPublish((string name, string text, PublishRequest request) =>
        {
            seen = request;
            return $"{name} {text}";
        }));
        await using var ann = await node.ConnectAsync("ann");
        await ann.SubscribeAsync("board:1");
        await ann.PublishAsync("board:1", "milk", new PublishOptions { Event = "added", Key = "card:1" });
        Assert.Equal(("board:1", "added", "card:1", false, false), (seen!.Channel, seen.Event, seen.Key, seen.Ephemeral, seen.Remove));
        Assert.Equal("1 milk", (await ann.ExpectMessageAsync("board:1")).Read<string>());
        await ann.PublishAsync("board:1", "typing", new PublishOptions { Ephemeral = true });
        Assert.True(seen.Ephemeral);
    }

    [Fact]
    public async Task A_handler_of_messages_alone_lets_no_key_go()
    {
        await using var node = await TestNode.StartAsync(map: channels => channels.MapChannel("board:{name}").WithState().OnPublish((string? text) => text));
        await using var ann = await node.ConnectAsync("ann");
        await ann.PublishAsync("board:1", "milk", new PublishOptions { Key = "card:1" });
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<TestCommandException>(() => ann.RemoveKeyAsync("board:1", "card:1"))).Code);
        Assert.Single((await node.Tidings.ReadStateAsync("board:1")).Messages);
    }

    [Fact]
    public async Task A_handler_that_asks_decides_which_keys_go()
    {
        await using var node = await TestNode.StartAsync(map: channels => channels.MapChannel("board:{name}").WithState()
            .OnPublish((string? text, PublishRequest request, ChannelCaller caller) => request.Key == $"of:{caller.User}" ? PublishResult.Accept : PublishResult.Refuse("not yours")));
        await using var ann = await node.ConnectAsync("ann");
        await using var bob = await node.ConnectAsync("bob");
        await ann.PublishAsync("board:1", "milk", new PublishOptions { Key = "of:ann" });
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<TestCommandException>(() => bob.RemoveKeyAsync("board:1", "of:ann"))).Code);
        Assert.NotNull(await ann.RemoveKeyAsync("board:1", "of:ann"));
        Assert.Empty((await node.Tidings.ReadStateAsync("board:1")).Messages);
    }
}
