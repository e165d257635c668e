using System.Text.Json.Nodes;
using TestKit;
using Tidings.Client.Tests.World;
using Tidings.Protocol;

namespace Tidings.Client.Tests.Units;

/// <summary>A map and what the server says: the brother of <c>map.test.js</c>.</summary>
public sealed class MapTests : IAsyncDisposable
{
    private readonly ScriptedServer _server = new();
    private readonly TidingsClient _client;
    private readonly List<string> _told = [];
    private ScriptedTransport? _transport;

    public MapTests() => _client = _server.Client();

    [Fact]
    public async Task The_state_comes_in_parts_and_is_told_as_one_then_each_change()
    {
        await using var map = Map();
        var board = await ConnectAsync();
        Assert.True((bool?)(await board.AnswerAsync("subscribe", Subscribed(5)))["state"]);
        await StateAsync(more: true, ("a", 1));
        Assert.Equal((0, false, 0), (Told().Length, map.IsReady, map.Count));
        await StateAsync(more: false, ("b", 4));
        await ToldAsync("a >1", "b >4", "ready 2");
        await SayAsync("""{"type":"message",C,"key":"a","offset":6,"data":6,"time":6}""", """{"type":"message",C,"key":"b","offset":7,"remove":true,"time":7}""");
        await SayAsync("""{"type":"message",C,"key":"c","offset":8,"data":8,"time":8}""", """{"type":"message",C,"key":"c","data":99,"time":8}""");
        await ToldAsync("a >1", "b >4", "ready 2", "a 1>6", "b 4>", "c >8");
        Assert.Equal([("a", 6), ("c", 8)], map.OrderBy(static one => one.Key).Select(static one => (one.Key, one.Value)));
        Assert.Equal((6, false, 8L), (map["a"], map.ContainsKey("b"), map.Find("c")!.Position.Offset));
        await SayAsync("""{"type":"removed",C,"offset":8}""");
        await ToldAsync("a >1", "b >4", "ready 2", "a 1>6", "b 4>", "c >8", "c 8>");
        Assert.Equal(["a"], map.Keys);
        await map.WaitAsync();
    }

    [Fact]
    public async Task Who_comes_back_goes_on_after_the_last_message_and_asks_for_the_state_where_that_is_gone()
    {
        await using var map = Map();
        var board = await ConnectAsync();
        await board.AnswerAsync("subscribe", Subscribed(2));
        await StateAsync(more: false, ("a", 1), ("b", 2));
        await ToldAsync("a >1", "b >2", "ready 2");
        board = await ReconnectAsync();
        var asked = await board.AnswerAsync("subscribe", Subscribed(2) + ",\"recovered\":true");
        Assert.Equal((2, null), ((int)asked["since"]!["offset"]!, (bool?)asked["state"]));
        await SayAsync("""{"type":"message",C,"key":"a","offset":3,"data":3,"time":3}""");
        await ToldAsync("a >1", "b >2", "ready 2", "a 1>3");
        Assert.True(map.IsReady);
        board = await ReconnectAsync();
        await board.AnswerAsync("subscribe", Subscribed(9) + ",\"recovered\":false");
        asked = await AgainAsync(board, Subscribed(9));
        Assert.Equal((false, true), (map.IsReady, (bool?)asked["state"]));
        await StateAsync(more: false, ("a", 3), ("c", 9));
        await ToldAsync("a >1", "b >2", "ready 2", "a 1>3", "b 2>", "c >9", "ready 2");
    }

    [Fact]
    public async Task A_gap_and_an_answer_that_was_cut_in_its_midst_have_the_state_loaded_again()
    {
        await using var map = Map();
        var board = await ConnectAsync();
        await board.AnswerAsync("subscribe", Subscribed(2));
        await StateAsync(more: true, ("old", 1));
        board = await ReconnectAsync();
        Assert.True((bool?)(await board.AnswerAsync("subscribe", Subscribed(3)))["state"]);
        await StateAsync(more: false, ("a", 2));
        await ToldAsync("a >2", "ready 1");
        await SayAsync("""{"type":"gap",C,"epoch":"f","offset":0,"from":4,"to":3,"reason":"cleared"}""", """{"type":"message",C,"key":"lost","offset":1,"data":1,"time":1}""");
        await AgainAsync(board, "\"type\":\"subscribed\",\"epoch\":\"f\",\"offset\":0");
        Assert.False(map.IsReady);
        await StateAsync(more: false);
        await ToldAsync("a >2", "ready 1", "a 2>", "ready 0");
    }

    [Fact]
    public async Task Beside_a_subscription_and_twice_each_has_its_state_and_the_others_go_on()
    {
        var room = _client.Subscribe("chat:a");
        var listener = new Listener(room);
        var board = await ConnectAsync();
        await board.SubscribedAsync(1);
        await using var first = Map();
        var asked = await AgainAsync(board, Subscribed(1) + ",\"recovered\":true");
        Assert.Equal((1, true), ((int)asked["since"]!["offset"]!, (bool?)asked["state"]));
        await StateAsync(more: false, ("a", 1));
        await ToldAsync("a >1", "ready 1");
        await using var second = Map("2: ");
        await AgainAsync(board, Subscribed(1) + ",\"recovered\":true");
        await StateAsync(more: false, ("a", 1));
        await ToldAsync("a >1", "ready 1", "2: a >1", "2: ready 1");
        await SayAsync("""{"type":"message",C,"key":"a","offset":2,"remove":true,"time":2}""");
        await Eventually.TrueAsync(() => first.Count == 0 && second.Count == 0, "both know it");
        await first.DisposeAsync();
        await SayAsync("""{"type":"message",C,"key":"a","offset":3,"data":3,"time":3}""");
        await Eventually.TrueAsync(() => second.Count == 1, "the second goes on");
        Assert.Empty(first);
        await listener.ExpectAsync("subscribed", "2", "3");
    }

    [Fact]
    public async Task Where_no_state_is_kept_the_map_ends_and_a_subscription_beside_it_goes_on()
    {
        var listener = new Listener(_client.Subscribe("chat:a"));
        var board = await ConnectAsync();
        await board.SubscribedAsync(1);
        await using var map = Map();
        await AgainAsync(board, "\"type\":\"error\",\"code\":\"bad_request\",\"error\":\"No state\"");
        Assert.Equal(ErrorCode.BadRequest, (await Assert.ThrowsAsync<TidingsException>(() => map.Completion)).Code);
        await Assert.ThrowsAsync<TidingsException>(() => map.WaitAsync());
        Assert.Null((bool?)(await board.AnswerAsync("subscribe", Subscribed(1) + ",\"recovered\":true"))["state"]);
        await board.SayAsync(2);
        await listener.ExpectAsync("subscribed", "2");
    }

    [Fact]
    public async Task Values_are_published_with_their_key_and_taken_out()
    {
        await using var map = Map();
        var board = await ConnectAsync();
        var set = map.SetAsync("a", 7, new PublishOptions { Durable = true });
        var first = await board.AnswerAsync("publish", "\"type\":\"published\",\"epoch\":\"e\",\"offset\":1");
        var gone = map.RemoveAsync("b");
        var second = await board.AnswerAsync("publish", "\"type\":\"error\",\"code\":\"not_allowed\",\"error\":\"Not allowed\"");
        Assert.Equal(("a", 7, true), ((string)first["key"]!, (int)first["data"]!, (bool)first["durable"]!));
        Assert.Equal(("b", true, false), ((string)second["key"]!, (bool)second["remove"]!, second.ContainsKey("data")));
        Assert.Equal(1, (await set)!.Value.Offset);
        Assert.Equal(ErrorCode.NotAllowed, (await Assert.ThrowsAsync<TidingsException>(() => gone)).Code);
        await Assert.ThrowsAsync<ArgumentException>(() => map.SetAsync("a", 1, new PublishOptions { Except = true }));
    }

    [Fact]
    public async Task A_value_that_is_none_of_the_type_is_left_out()
    {
        await using var map = Map();
        var board = await ConnectAsync();
        await board.AnswerAsync("subscribe", Subscribed(2));
        await SayAsync("""{"type":"state",C,"entries":[{"key":"a","offset":1,"data":"text","time":1},{"key":"b","offset":2,"data":2,"time":2}],"more":false}""");
        await ToldAsync("b >2", "ready 1");
        await SayAsync("""{"type":"message",C,"key":"b","offset":3,"data":{},"time":3}""");
        await ToldAsync("b >2", "ready 1", "b 2>");
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static string Subscribed(int offset) => $"\"type\":\"subscribed\",\"epoch\":\"e\",\"offset\":{offset}";

    private ChannelMap<int> Map(string name = "") => _client.SubscribeMap<int>("chat:a", new MapOptions<int>
    {
        Changed = change => Tell(string.Create(null, $"{name}{change.Key} {change.Previous?.Value}>{change.Current?.Value}")),
        Ready = map => Tell($"{name}ready {map.Count}"),
    });

    private void Tell(string told)
    {
        lock (_told)
        {
            _told.Add(told);
        }
    }

    private string[] Told()
    {
        lock (_told)
        {
            return [.. _told];
        }
    }

    private Task ToldAsync(params string[] told) => Eventually.EqualAsync(string.Join(", ", told), () => string.Join(", ", Told()), "What was told");

    private async Task<ChannelServer> ConnectAsync()
    {
        _transport = await _server.ConnectAsync();
        return new ChannelServer(_transport);
    }

    private async Task<ChannelServer> ReconnectAsync()
    {
        _transport!.End(1006);
        return await ConnectAsync();
    }

    // What was followed ends, and what is wanted now is asked for.
    private static async Task<JsonObject> AgainAsync(ChannelServer board, string answer)
    {
        await board.AnswerAsync("unsubscribe", "\"type\":\"unsubscribed\"");
        return await board.AnswerAsync("subscribe", answer);
    }

    private Task StateAsync(bool more, params (string Key, int Offset)[] entries) => SayAsync(
        $$"""{"type":"state",C,"entries":[{{string.Join(',', entries.Select(static one => $"{{\"key\":\"{one.Key}\",\"offset\":{one.Offset},\"data\":{one.Offset},\"time\":{one.Offset}}}"))}}],"more":{{(more ? "true" : "false")}}}""");

    private async Task SayAsync(params string[] frames)
    {
        foreach (var frame in frames)
        {
            await _transport!.SayAsync(frame.Replace("C,", "\"channel\":\"chat:a\",", StringComparison.Ordinal));
        }
    }
}
