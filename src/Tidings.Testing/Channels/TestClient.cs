using System.Text.Json;
using System.Text.Json.Nodes;
using Tidings.Protocol;

namespace Tidings.Testing;

/// <summary>A client of the channel protocol for tests: it says commands, and expects what comes of them.</summary>
/// <remarks>
/// What comes is kept for each channel in its order until it is expected. A call that waits has a limit (<see cref="TestWebSocket.Limit"/> of
/// <see cref="Socket"/>, in real time), and fails with all that was received so far. For one test's thread of calls.
/// </remarks>
public sealed partial class TestClient : IAsyncDisposable
{
    private readonly Func<Task<TestWebSocket>> _connect;
    private readonly Dictionary<string, TestSubscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly Queue<JsonElement> _directs = new();
    private int _commands;

    private TestClient(Func<Task<TestWebSocket>> connect, TestWebSocket socket)
    {
        _connect = connect;
        Socket = socket;
    }

    /// <summary>The connection, for what is not about channels: a close code, a raw text. <see cref="ReconnectAsync"/> makes another one.</summary>
    public TestWebSocket Socket { get; private set; }

    /// <summary>The connection's id, as others see it.</summary>
    public string Connection { get; private set; } = "";

    /// <summary>The user; null for somebody anonymous.</summary>
    public string? User { get; private set; }

    internal static async Task<TestClient> ConnectAsync(Func<Task<TestWebSocket>> connect)
    {
        var client = new TestClient(connect, await connect());
        await client.BeginAsync();
        return client;
    }

    /// <summary>Subscribes to a channel.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="since">After which message to go on; null for what is new.</param>
    /// <param name="last">With how many of the newest messages to begin, where there is no <paramref name="since"/>.</param>
    /// <param name="presence">Whether joins, leaves and updates are wanted.</param>
    /// <param name="state">Whether the channel's state is wanted (<see cref="ExpectStateAsync"/>).</param>
    /// <param name="info">What the client says of itself, as <see cref="TrackAsync{T}"/>; null for nothing.</param>
    /// <returns>Where the subscription begins.</returns>
    /// <exception cref="TestCommandException">The server refused it.</exception>
    public async Task<TestSubscribed> SubscribeAsync(string channel, StreamPosition? since = null, int last = 0, bool presence = false, bool state = false, object? info = null)
    {
        ArgumentNullException.ThrowIfNull(channel);
        var subscription = new TestSubscription(channel, presence, state, info);
        var before = _subscriptions.GetValueOrDefault(channel);
        _subscriptions[channel] = subscription;
        try
        {
            return subscription.Begin(await RequestAsync(subscription.ToCommand(since, last)));
        }
        catch (TestCommandException refused)
        {
            if (before is not null && refused.Code == "conflict")
            {
                // It goes on as it was, with what has come meanwhile.
                subscription.MoveTo(before);
                _subscriptions[channel] = before;
            }
            else
            {
                _subscriptions.Remove(channel);
            }

            throw;
        }
    }

    /// <summary>Ends a subscription. What was not expected yet of the channel is forgotten.</summary>
    /// <exception cref="TestCommandException">The server refused it.</exception>
    public async Task UnsubscribeAsync(string channel)
    {
        await RequestAsync(new JsonObject { ["type"] = "unsubscribe", ["channel"] = channel });
        _subscriptions.Remove(channel);
    }

    /// <summary>Publishes a value as JSON; a <c>byte[]</c> or memory of bytes as a binary payload.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="data">The value.</param>
    /// <param name="options">How; null for a plain message. A client can leave out itself alone by <see cref="PublishOptions.Except"/>: <c>[client.Connection]</c>.</param>
    /// <returns>Where it stands in the log; null for what is said in passing.</returns>
    /// <exception cref="ArgumentException"><paramref name="options"/> leave out another connection, as only the server can.</exception>
    /// <exception cref="TestCommandException">The server refused it.</exception>
    public async Task<StreamPosition?> PublishAsync<T>(string channel, T data, PublishOptions? options = null)
    {
        if (options?.Except?.Any(connection => connection != Connection) == true)
        {
            throw new ArgumentException($"A client can leave out itself alone (\"{Connection}\"); others are left out by ITidings.PublishAsync.", nameof(options));
        }

        var command = new JsonObject { ["type"] = "publish", ["channel"] = channel };
        command[data is byte[] or Memory<byte> or ReadOnlyMemory<byte> ? "data64" : "data"] = JsonSerializer.SerializeToNode(data, JsonSerializerOptions.Web);
        if (options is not null)
        {
            Add(command, "event", options.Event);
            Add(command, "key", options.Key);
            Add(command, "idempotencyKey", options.IdempotencyKey);
            Add(command, "durable", options.Durable);
            Add(command, "ephemeral", options.Ephemeral);
            Add(command, "except", options.Except is { Count: > 0 });
        }

        return TestMessages.PositionOf(await RequestAsync(command));
    }

    /// <summary>Takes a key out of a channel's state.</summary>
    /// <exception cref="TestCommandException">The server refused it.</exception>
    public async Task<StreamPosition?> RemoveKeyAsync(string channel, string key) =>
        TestMessages.PositionOf(await RequestAsync(new JsonObject { ["type"] = "publish", ["channel"] = channel, ["key"] = key, ["remove"] = true }));

    /// <summary>Changes what the client says of itself in a channel's presence.</summary>
    /// <exception cref="TestCommandException">The server refused it.</exception>
    public async Task TrackAsync<T>(string channel, T info)
    {
        var said = JsonSerializer.SerializeToNode(info, JsonSerializerOptions.Web);
        await RequestAsync(new JsonObject { ["type"] = "track", ["channel"] = channel, ["info"] = said?.DeepClone() });
        _subscriptions.GetValueOrDefault(channel)?.Track(said);
    }

    /// <summary>Calls a method of the application.</summary>
    /// <returns>What it returned.</returns>
    /// <exception cref="TestCommandException">The server refused it.</exception>
    public async Task<JsonElement> CallAsync(string method, params object?[] parameters)
    {
        var answer = await RequestAsync(new JsonObject { ["type"] = "call", ["method"] = method, ["params"] = JsonSerializer.SerializeToNode(parameters, JsonSerializerOptions.Web) });
        return answer.TryGetProperty("data", out var data) ? data : default;
    }

    /// <summary>Says a command of the protocol (docs/protocol.md) and waits for its answer.</summary>
    /// <param name="command">The command, without its <c>id</c>.</param>
    /// <exception cref="TestCommandException">The answer is an error.</exception>
    /// <exception cref="TestWebSocketException">No answer came in time.</exception>
    public async Task<JsonElement> RequestAsync(JsonObject command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var id = ++_commands;
        command["id"] = id;
        await Socket.SendTextAsync(command.ToJsonString(JsonSerializerOptions.Web));
        while (true)
        {
            var message = await ReceiveAsync();
            if (!message.TryGetProperty("id", out var answered) || answered.ValueKind != JsonValueKind.Number || answered.GetInt32() != id)
            {
                Sort(message);
            }
            else
            {
                return TestMessages.TypeOf(message) == "error" ? throw TestCommandException.Of(message) : message;
            }
        }
    }

    /// <summary>Cuts the connection off without a word, as a network does.</summary>
    public void Cut() => Socket.Abort();

    /// <summary>Connects again, and goes on with each subscription after the last thing it had: what was missed comes first, or a gap where it is gone, and then the state
    /// where that was asked for. What the client has said of itself it says again.</summary>
    /// <exception cref="WebSocketRefusedException">The handshake was answered with another status.</exception>
    /// <exception cref="TestCommandException">The server refused a subscription.</exception>
    public async Task ReconnectAsync()
    {
        await Socket.DisposeAsync();
        Socket = await _connect();
        await BeginAsync();
        foreach (var (channel, subscription) in _subscriptions.ToList())
        {
            if (subscription.IsOwn)
            {
                var hadState = !subscription.LacksState;
                subscription.Resume(await RequestAsync(subscription.ToCommand(subscription.Position, last: 0)));
                if (hadState && subscription.LacksState)
                {
                    await RequestAsync(new JsonObject { ["type"] = "unsubscribe", ["channel"] = channel });
                    subscription.Begin(await RequestAsync(subscription.ToCommand(subscription.Position, last: 0)));
                }
            }
        }
    }

    /// <summary>Reads nothing more, as a client that is too slow, until <see cref="ResumeReading"/>.</summary>
    public void StopReading() => Socket.StopReading();

    /// <summary>Goes on reading.</summary>
    public void ResumeReading() => Socket.ResumeReading();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Socket.DisposeAsync();

    private static void Add(JsonObject command, string name, string? value)
    {
        if (value is not null)
        {
            command[name] = value;
        }
    }

    private static void Add(JsonObject command, string name, bool value)
    {
        if (value)
        {
            command[name] = true;
        }
    }

    private async Task BeginAsync()
    {
        var connected = await ReceiveAsync();
        if (TestMessages.TypeOf(connected) != "connected")
        {
            throw Socket.Failure("Expected \"connected\": this route does not speak the channel protocol, or takes no one in without a token.");
        }

        Connection = connected.GetProperty("connection").GetString()!;
        User = connected.GetProperty("user").GetString();
        foreach (var listed in connected.GetProperty("subscriptions").EnumerateArray())
        {
            var channel = listed.GetProperty("channel").GetString()!;
            if (!_subscriptions.TryGetValue(channel, out var subscription))
            {
                _subscriptions[channel] = subscription = new TestSubscription(channel);
            }

            if (!subscription.IsOwn)
            {
                subscription.Begin(listed);
            }
        }
    }

    private async Task<JsonElement> ReceiveAsync()
    {
        while (true)
        {
            var message = await Socket.ReceiveJsonAsync<JsonElement>();
            if (TestMessages.TypeOf(message) != "ping")
            {
                return message;
            }

            await Socket.SendTextAsync("""{"type":"pong"}""");
        }
    }

    private void Sort(JsonElement message)
    {
        if (TestMessages.TypeOf(message) == "direct")
        {
            _directs.Enqueue(message);
        }
        else if (message.TryGetProperty("channel", out var name) && name.GetString() is { } channel)
        {
            if (!_subscriptions.TryGetValue(channel, out var subscription))
            {
                // The server has subscribed it.
                _subscriptions[channel] = subscription = new TestSubscription(channel);
            }

            subscription.Take(message);
        }
    }
}
