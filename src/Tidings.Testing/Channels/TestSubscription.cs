using System.Text.Json;
using System.Text.Json.Nodes;
using Tidings.Protocol;

namespace Tidings.Testing;

/// <summary>Where a subscription of a test begins.</summary>
/// <param name="Position">After which message it goes on.</param>
/// <param name="Recovered">Whether all that came after the position asked for follows; null where none was asked for.</param>
/// <param name="Presence">Who is there; null where that was not asked for.</param>
public sealed record TestSubscribed(StreamPosition Position, bool? Recovered, ChannelPresence? Presence);

/// <summary>A subscription of a test's client, over all its connections.</summary>
internal sealed class TestSubscription(string channel, bool presence = false, bool state = false, object? info = null)
{
    private JsonNode? _info = info is null ? null : JsonSerializer.SerializeToNode(info, JsonSerializerOptions.Web);
    private bool _hasState;

    /// <summary>Whether the client asked for it; the server's own come back by themselves.</summary>
    public bool IsOwn { get; private set; }

    /// <summary>After what it goes on.</summary>
    public StreamPosition? Position { get; private set; }

    /// <summary>What has come and is not expected yet, each in its epoch.</summary>
    public Queue<(JsonElement Message, string Epoch)> Waiting { get; } = new();

    /// <summary>Whether the state is wanted again: what came of it is not whole, or what changed it was missed.</summary>
    public bool LacksState => state && !_hasState;

    /// <summary>What the client says of itself from here on.</summary>
    public void Track(JsonNode? said) => _info = said;

    public JsonObject ToCommand(StreamPosition? since, int last)
    {
        IsOwn = true;
        var command = new JsonObject { ["type"] = "subscribe", ["channel"] = channel };
        if (since is { } position)
        {
            command["since"] = new JsonObject { ["epoch"] = position.Epoch, ["offset"] = position.Offset };
        }
        else if (last > 0)
        {
            command["last"] = last;
        }

        if (presence)
        {
            command["presence"] = true;
        }

        if (LacksState)
        {
            command["state"] = true;
        }

        if (_info is not null)
        {
            command["info"] = _info.DeepClone();
        }

        return command;
    }

    public TestSubscribed Begin(JsonElement subscribed)
    {
        var position = TestMessages.PositionOf(subscribed)!.Value;
        Position = position;
        return new TestSubscribed(
            position,
            subscribed.TryGetProperty("recovered", out var recovered) ? recovered.GetBoolean() : null,
            subscribed.TryGetProperty("presence", out var listed)
                ? new ChannelPresence([.. listed.GetProperty("members").EnumerateArray().Select(TestMessages.ReadMember)], listed.GetProperty("count").GetInt32())
                : null);
    }

    /// <summary>Goes on after a new connection. What is gone is told as a gap.</summary>
    public void Resume(JsonElement subscribed)
    {
        var before = Position;
        if (Begin(subscribed).Recovered == false)
        {
            var (epoch, offset) = Position!.Value;
            var reason = before?.Epoch == epoch && before.Value.Offset < offset ? "trimmed" : "epoch";
            _hasState = false;
            Waiting.Enqueue((JsonSerializer.SerializeToElement(new { type = "gap", channel, epoch, offset, reason }), epoch));
        }
    }

    /// <summary>Gives another one all that waits.</summary>
    public void MoveTo(TestSubscription other)
    {
        foreach (var (message, _) in Waiting)
        {
            other.Take(message);
        }
    }

    public void Take(JsonElement message)
    {
        if (TestMessages.TypeOf(message) == "subscribed")
        {
            // The server's own wish.
            Begin(message);
            return;
        }

        _hasState = TestMessages.TypeOf(message) switch
        {
            "state" => !message.GetProperty("more").GetBoolean(),
            "gap" => false,
            _ => _hasState,
        };

        // What is removed further back than the position leaves it where it is.
        if (TestMessages.PositionOf(message, Position?.Epoch) is { } at && (Position is not { } before || at.Epoch != before.Epoch || at.Offset > before.Offset))
        {
            Position = at;
        }

        Waiting.Enqueue((message, Position?.Epoch ?? ""));
    }
}
