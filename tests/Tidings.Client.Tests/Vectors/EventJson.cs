using System.Text.Json.Nodes;
using Tidings.Protocol;

namespace Tidings.Client.Tests.Vectors;

/// <summary>Events as the samples have them.</summary>
internal static class EventJson
{
    public static JsonObject Of(ChannelEvent told)
    {
        var json = told switch
        {
            ChannelMessage message => Of(message),
            ChannelGap gap => new JsonObject
            {
                ["event"] = "gap", ["epoch"] = gap.Position.Epoch, ["offset"] = gap.Position.Offset, ["from"] = gap.From, ["to"] = gap.To, ["reason"] = gap.Reason,
            },
            ChannelSubscribed subscribed => Of(subscribed),
            ChannelJoin join => new JsonObject { ["event"] = "join", ["member"] = Of(join.Member) },
            ChannelLeave leave => new JsonObject { ["event"] = "leave", ["member"] = Of(leave.Member) },
            ChannelError error => new JsonObject { ["event"] = "error", ["code"] = error.Code.ToWire(), ["error"] = error.Error },
            _ => throw new InvalidOperationException($"No event: {told}"),
        };
        json["channel"] = told.Channel;
        return json;
    }

    public static JsonObject Of(ChannelMember member)
    {
        var json = new JsonObject { ["user"] = member.User, ["connections"] = member.Connections };
        if (!member.Info.IsEmpty)
        {
            json["info"] = JsonNode.Parse(member.Info.Span);
        }

        return json;
    }

    public static JsonObject Of(ChannelMessage message)
    {
        var json = new JsonObject { ["event"] = "message", ["data"] = JsonNode.Parse(message.Data.Span), ["time"] = message.Time.ToUnixTimeMilliseconds() };
        Set(json, "offset", message.Position?.Offset);
        Set(json, "from", message.From);
        Set(json, "key", message.Key);
        return json;
    }

    public static JsonObject Of(ChannelPresence presence) => new()
    {
        ["members"] = new JsonArray([.. presence.Members.Select(Of)]),
        ["count"] = presence.Count,
    };

    private static JsonObject Of(ChannelSubscribed subscribed)
    {
        var json = new JsonObject { ["event"] = "subscribed", ["epoch"] = subscribed.Position.Epoch, ["offset"] = subscribed.Position.Offset };
        Set(json, "recovered", subscribed.Recovered);
        Set(json, "presence", subscribed.Presence is { } presence ? Of(presence) : null);
        return json;
    }

    private static void Set(JsonObject json, string name, JsonNode? value)
    {
        if (value is not null)
        {
            json[name] = value;
        }
    }
}
