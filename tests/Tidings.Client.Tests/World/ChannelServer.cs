using System.Globalization;
using System.Text.Json.Nodes;
using TestKit;

namespace Tidings.Client.Tests.World;

/// <summary>Says over a scripted transport what a server of one channel would.</summary>
internal sealed class ChannelServer(ScriptedTransport transport, string channel = "chat:a")
{
    private readonly HashSet<long> _answered = [];

    /// <summary>Answers the first command of that type that has no answer yet, with these fields of a JSON object.</summary>
    /// <returns>The command.</returns>
    public async Task<JsonObject> AnswerAsync(string type, string fields)
    {
        JsonObject? command = null;
        await Eventually.TrueAsync(() => (command = Unanswered(type)) is not null, $"{type} was sent");
        _answered.Add((long)command!["id"]!);
        await transport.SayAsync($"{{\"id\":{command["id"]},\"channel\":\"{channel}\",{fields}}}");
        return command;
    }

    public Task SubscribedAsync(int offset, string more = "") => AnswerAsync("subscribe", $"\"type\":\"subscribed\",\"epoch\":\"e\",\"offset\":{offset}{more}");

    public Task PublishedAsync(int offset) => AnswerAsync("publish", $"\"type\":\"published\",\"epoch\":\"e\",\"offset\":{offset}");

    public Task<JsonObject> HistoryAsync(int top, IEnumerable<int> offsets, string more = "") =>
        AnswerAsync("history", $"\"type\":\"history\",\"epoch\":\"e\",\"offset\":{top},\"messages\":[{string.Join(',', offsets.Select(static offset => $"{{{Message(offset)}}}"))}]{more}");

    public async Task SayAsync(params int[] offsets)
    {
        foreach (var offset in offsets)
        {
            await transport.SayAsync($"{{\"type\":\"message\",\"channel\":\"{channel}\",{Message(offset)}}}");
        }
    }

    /// <summary>The types of all that was sent.</summary>
    public string[] Sent()
    {
        lock (transport.Sent)
        {
            return [.. transport.Sent.Select(static command => (string)command["type"]!)];
        }
    }

    private static string Message(int offset) => $"\"offset\":{offset},\"data\":{offset},\"time\":1";

    private JsonObject? Unanswered(string type)
    {
        lock (transport.Sent)
        {
            return transport.Sent.Find(command => (string?)command["type"] == type && !_answered.Contains((long)command["id"]!));
        }
    }
}

/// <summary>Reads a subscription and keeps what it tells, in words.</summary>
internal sealed class Listener
{
    private readonly List<string> _told = [];

    public Listener(ChannelSubscription room) => Reading = ReadAsync(room);

    public Task Reading { get; }

    public string[] Told
    {
        get
        {
            lock (_told)
            {
                return [.. _told];
            }
        }
    }

    /// <summary>Waits until exactly this was told.</summary>
    public Task ExpectAsync(params string[] told) => Eventually.EqualAsync(string.Join(", ", told), () => string.Join(", ", Told), "What was told");

    private static string Word(ChannelEvent told) => told switch
    {
        ChannelMessage message => (message.IsOwn ? "own " : "") + (message.Position?.Offset.ToString(CultureInfo.InvariantCulture) ?? "passing"),
        ChannelGap gap => $"gap {gap.From}-{gap.To}",
        ChannelSubscribed { Presence: { } presence } => $"subscribed with {presence.Count}",
        ChannelSubscribed => "subscribed",
        ChannelJoin join => $"join {join.Member.User}",
        _ => told.GetType().Name,
    };

    private async Task ReadAsync(ChannelSubscription room)
    {
        await foreach (var told in room)
        {
            lock (_told)
            {
                _told.Add(Word(told));
            }
        }
    }
}
