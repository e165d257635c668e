using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tidings.Testing;

/// <content>What a test expects.</content>
public sealed partial class TestClient
{
    /// <summary>Waits for the next thing of a channel, which must be a message.</summary>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public Task<ChannelMessage> ExpectMessageAsync(string channel) => ReadNextAsync(channel, "message");

    /// <summary>Waits for the next thing of a channel, which must be the news that messages were missed; after <see cref="ReconnectAsync"/>, that what was missed is gone.</summary>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public Task<ChannelMessage> ExpectGapAsync(string channel) => ReadNextAsync(channel, "gap");

    /// <summary>Waits for the next thing of a channel, which must be the news that a message was erased.</summary>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public Task<ChannelMessage> ExpectRemovedAsync(string channel) => ReadNextAsync(channel, "removed");

    /// <summary>Waits for the channel's state, after a subscription that asked for it.</summary>
    /// <returns>One message for each key.</returns>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public async Task<IReadOnlyList<ChannelMessage>> ExpectStateAsync(string channel)
    {
        var entries = new List<ChannelMessage>();
        while (true)
        {
            var (part, epoch) = await NextAsync(channel, "state");
            entries.AddRange(part.GetProperty("entries").EnumerateArray().Select(entry => TestMessages.Read(channel, entry, epoch)));
            if (!part.GetProperty("more").GetBoolean())
            {
                return entries;
            }
        }
    }

    /// <summary>Waits for the next thing of a channel, which must be that somebody has come.</summary>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public Task<ChannelMember> ExpectJoinAsync(string channel) => ReadMemberAsync(channel, "join");

    /// <summary>Waits for the next thing of a channel, which must be that somebody has left.</summary>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public Task<ChannelMember> ExpectLeaveAsync(string channel) => ReadMemberAsync(channel, "leave");

    /// <summary>Waits for the next thing of a channel, which must be that somebody says something else of itself.</summary>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public Task<ChannelMember> ExpectUpdateAsync(string channel) => ReadMemberAsync(channel, "update");

    /// <summary>Waits for the end of a subscription that the server ends.</summary>
    /// <returns>The code, as <c>not_allowed</c>.</returns>
    /// <exception cref="TestWebSocketException">Something else came, or nothing in time.</exception>
    public async Task<string> ExpectUnsubscribedAsync(string channel)
    {
        var (end, _) = await NextAsync(channel, "unsubscribed");
        _subscriptions.Remove(channel);
        return end.TryGetProperty("code", out var code) ? code.GetString()! : "";
    }

    /// <summary>Waits for a message to this user or connection.</summary>
    /// <exception cref="TestWebSocketException">None came in time.</exception>
    public async Task<T?> ExpectDirectAsync<T>()
    {
        JsonElement direct;
        while (!_directs.TryDequeue(out direct))
        {
            Sort(await ReceiveAsync());
        }

        return direct.GetProperty("data").Deserialize<T>(JsonSerializerOptions.Web);
    }

    /// <summary>Makes sure that nothing of a channel waits: whatever was published before the call would have come.</summary>
    /// <exception cref="TestWebSocketException">Something came.</exception>
    public async Task ExpectNothingAsync(string channel)
    {
        // The first answer may overtake what is said in the same turn of the server's lane; the second cannot.
        await RequestAsync(new JsonObject { ["type"] = "ping" });
        await RequestAsync(new JsonObject { ["type"] = "ping" });
        if (Find(channel).Waiting.TryPeek(out var first))
        {
            throw Socket.Failure($"Expected nothing in {channel}, got {first.Message.GetRawText()}.");
        }
    }

    private TestSubscription Find(string channel) =>
        _subscriptions.TryGetValue(channel, out var subscription) ? subscription : throw new InvalidOperationException($"The client is not subscribed to {channel}: call SubscribeAsync first.");

    private async Task<(JsonElement Message, string Epoch)> NextAsync(string channel, string type)
    {
        if (!_subscriptions.ContainsKey(channel))
        {
            // The server may have subscribed it, and said so.
            await RequestAsync(new JsonObject { ["type"] = "ping" });
        }

        var subscription = Find(channel);
        (JsonElement Message, string Epoch) next;
        while (!subscription.Waiting.TryDequeue(out next))
        {
            Sort(await ReceiveAsync());
        }

        return TestMessages.TypeOf(next.Message) == type ? next : throw Socket.Failure($"Expected {type} in {channel}, got {next.Message.GetRawText()}.");
    }

    private async Task<ChannelMessage> ReadNextAsync(string channel, string type)
    {
        var (message, epoch) = await NextAsync(channel, type);
        return TestMessages.Read(channel, message, epoch);
    }

    private async Task<ChannelMember> ReadMemberAsync(string channel, string type)
    {
        var (message, _) = await NextAsync(channel, type);
        return TestMessages.ReadMember(message.GetProperty("member"));
    }
}
