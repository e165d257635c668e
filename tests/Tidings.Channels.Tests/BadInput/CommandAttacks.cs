using System.Text;
using Tidings.Brokers;
using Tidings.Channels.Tests.World;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Channels.Tests.BadInput;

/// <summary>One peer of a rig, and another beside it that must not notice.</summary>
public abstract class CommandAttack : IDisposable
{
    private readonly SteppedLane _lane;
    private readonly Peer _control;
    private int _said;

    private protected CommandAttack(RigOptions? options = null)
    {
        Rig = new Rig((options ?? new RigOptions()) with
        {
            Kinds = options?.Kinds is { Count: > 0 } kinds ? kinds : [new ChannelKind(new ChannelPattern("chat:*")) { Publish = ChannelAccess.Anyone }, new ChannelKind(new ChannelPattern("*"))],
        });
        _lane = new SteppedLane(Rig.Time, Rig.Log);
        _control = NewPeer().Send("""{"type":"subscribe","channel":"chat:control"}""");
        _control.ReceiveAll();
    }

    private protected Rig Rig { get; }

    private protected Peer NewPeer(string? user = null) => new(Rig, _lane, user);

    private protected static string CodeOf(string answer) => System.Text.Json.JsonDocument.Parse(answer).RootElement is var root && root.TryGetProperty("code", out var code)
        ? code.GetString()!
        : root.GetProperty("type").GetString()!;

    /// <summary>The other one is served, and nothing went wrong inside.</summary>
    private protected void ExpectUnharmed()
    {
        _ = Rig.Broker.PublishAsync(new Publication("chat:control", new MessageData(DataKind.Json, Encoding.UTF8.GetBytes($"{++_said}")))).AsTask();
        _control.Run();
        Assert.Contains($"\"data\":{_said},", _control.Receive());
        _control.ExpectNothing();
        Assert.Empty(Rig.Log.Failures);
    }

    public void Dispose()
    {
        Rig.Dispose();
        _lane.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Numbers that claim more than there is, as GHSA-4r3x-2rwr-6w65.</summary>
public sealed class B14_ClaimedLengths : CommandAttack
{
    [Theory]
    [InlineData("""{"type":"history","channel":"chat:a","last":2147483647}""", "history")]
    [InlineData("""{"type":"history","channel":"chat:a","limit":2147483647}""", "history")]
    [InlineData("""{"type":"history","channel":"chat:a","limit":2147483648}""", "bad_request")]
    [InlineData("""{"type":"subscribe","channel":"chat:a","last":2147483647}""", "subscribed")]
    [InlineData("""{"type":"subscribe","channel":"chat:a","last":4611686018427387904}""", "bad_request")]
    [InlineData("""{"type":"subscribe","channel":"chat:a","since":{"epoch":"e","offset":4611686018427387904}}""", "bad_request")]
    public void They_cost_what_there_is(string command, string expected)
    {
        var peer = NewPeer();
        Assert.Equal(expected, CodeOf(peer.Send(command).Receive()));
        ExpectUnharmed();
    }

    [Fact]
    public void More_channels_than_may_be_asked_for_at_once_are_refused_whole()
    {
        var peer = NewPeer();
        var channels = string.Join(',', Enumerable.Range(0, 1001).Select(i => $"{{\"channel\":\"c{i}\"}}"));
        Assert.Equal("bad_request", CodeOf(peer.Send($$"""{"type":"subscribe","channels":[{{channels}}]}""").Receive()));
        Assert.Equal(1, Rig.Hub.Channels);
        ExpectUnharmed();
    }
}

/// <summary>What is nested without end, as CVE-2026-45591.</summary>
public sealed class B16_Nesting : CommandAttack
{
    [Theory]
    [InlineData("""{"type":"publish","channel":"chat:a","data":""")]
    [InlineData("""{"type":"call","method":"m","params":""")]
    [InlineData("""{"unknown":""")]
    [InlineData("""{"type":"subscribe","channel":"chat:a","since":""")]
    [InlineData("""{"type":"subscribe","channels":""")]
    [InlineData("")]
    public void Sixty_four_levels_and_no_more(string before)
    {
        var peer = NewPeer();
        foreach (var depth in new[] { 64, 1000, 30_000 })
        {
            foreach (var (open, close) in new[] { ("[", "]"), ("{\"a\":", "}") })
            {
                var value = string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth));
                var text = before + value + (before.Length > 0 ? "}" : "");
                if (text.Length <= 64 * 1024 && !(before.Length == 0 && depth == 64))
                {
                    Assert.Equal("bad_request", CodeOf(peer.Send(text).Receive()));
                }
            }
        }

        ExpectUnharmed();
    }

    [Fact]
    public void Sixty_three_levels_of_data_pass()
    {
        var peer = NewPeer();
        Assert.Equal("published", CodeOf(peer.Send($$"""{"type":"publish","channel":"chat:a","data":{{new string('[', 63)}}{{new string(']', 63)}}}""").Receive()));
    }
}

/// <summary>Names that are none, as CVE-2024-31228.</summary>
public sealed class B29_Names : CommandAttack
{
    private static readonly string[] Bad =
    [
        "", " ", "a b", "*", "chat:*", "chat:?", "chat:[a]", "chat:\\\\", "{x}", "a\\u0000", "a\\r\\nb", "\\u0001chat:a", "__keyspace@0__:*", "e\\u0301", "\\u1112\\u1161",
        "a|b", "a'b", "a%41", "\\ud83d\\ude00", new string('a', 256), new string('a', 10_000), "你" + new string('你', 85),
    ];

    [Fact]
    public void Every_command_refuses_them_alike()
    {
        foreach (var name in Bad)
        {
            var peer = NewPeer();
            foreach (var type in new[] { "subscribe", "unsubscribe", "publish", "history", "presence" })
            {
                Assert.Equal("bad_request", CodeOf(peer.Send($$"""{"type":"{{type}}","channel":"{{name}}","data":1}""").Receive()));
            }
        }

        Assert.Equal(1, Rig.Hub.Channels);
        Assert.Equal(0, Rig.Logs);
        ExpectUnharmed();
    }

    [Fact]
    public void Twins_of_one_name_are_one_channel_or_none()
    {
        var peer = NewPeer();
        Assert.Equal("subscribed", CodeOf(peer.Send("""{"type":"subscribe","channel":"chat:é"}""").Receive()));
        Assert.Equal("conflict", CodeOf(peer.Send("""{"type":"subscribe","channel":"chat:\u00e9"}""").Receive()));
        Assert.Equal("bad_request", CodeOf(peer.Send("""{"type":"subscribe","channel":"chat:e\u0301"}""").Receive()));
        Assert.Equal("subscribed", CodeOf(peer.Send("""{"type":"subscribe","channel":"chat:E"}""").Receive()));
        Assert.Equal("subscribed", CodeOf(peer.Send("""{"type":"subscribe","channel":"chat:e"}""").Receive()));
    }
}

/// <summary>Fields of wrong types, twice, missing, or from nowhere: each is answered by a documented code.</summary>
public sealed class B18_TypeConfusion : CommandAttack
{
    private static readonly HashSet<string> Documented =
    [
        "bad_request", "too_large", "rate_limited", "unauthorized", "not_allowed", "too_many", "conflict", "not_durable", "unavailable", "timeout",
        "subscribed", "unsubscribed", "published", "sent", "history", "presence", "pong", "message", "direct", "gap",
    ];

    private static readonly string[] Names =
    [
        "type", "id", "channel", "channels", "since", "last", "presence", "conflate", "data", "key", "idempotencyKey", "durable", "ephemeral", "to", "method", "params",
        "token", "limit", "epoch", "offset", "client", "__proto__", "constructor", "user", "from", "connection", "",
    ];

    private static readonly string[] Values =
    [
        "1", "-1", "0", "1e400", "1.5", "9007199254740992", "\"\"", "\"a\"", "\"chat:a\"", "null", "true", "false", "[]", "{}", "[{}]", "{\"epoch\":\"e\",\"offset\":1}", "{\"epoch\":1}",
        "[{\"channel\":\"chat:b\"}]", "[{\"channel\":1},{\"since\":{}}]", "\"\\ud800\"", "{\"$type\":\"System.Object\"}", "[[[]]]", "\"\\u0000\"", "{\"a\":{},\"a\":[]}",
    ];

    private static readonly string[] Types = ["auth", "subscribe", "unsubscribe", "publish", "send", "presence", "history", "call", "ping", "pong", "nonsense", "connect"];

    [Fact]
    public void A_hundred_thousand_mutated_commands_are_answered_and_harm_nobody()
    {
        const int Commands = 100_000;
        var random = new Random(18);
        var peer = NewPeer();
        var codes = new Dictionary<string, int>();
        for (var i = 0; i < Commands; i++)
        {
            if (peer.CloseCode is { } code)
            {
                Assert.Equal(1003, code);
                peer = NewPeer();
            }

            peer.Send(Command(random));
            foreach (var answer in peer.ReceiveAll())
            {
                var said = CodeOf(answer);
                Assert.Contains(said, Documented);
                codes[said] = codes.GetValueOrDefault(said) + 1;
            }
        }

        Assert.True(codes.Count > 8, string.Join(", ", codes));
        ExpectUnharmed();
    }

    private static string Command(Random random)
    {
        var fields = new List<string> { $"\"type\":\"{Types[random.Next(Types.Length)]}\"" };
        if (random.Next(2) == 0)
        {
            fields.Add("\"channel\":\"chat:a\"");
        }

        for (var more = random.Next(5); more > 0; more--)
        {
            fields.Insert(random.Next(fields.Count + 1), $"\"{Names[random.Next(Names.Length)]}\":{Values[random.Next(Values.Length)]}");
        }

        return "{" + string.Join(random.Next(30) == 0 ? ";" : ",", fields) + "}";
    }
}
