using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Nodes;

/// <summary>A request as one node sends it to the others: a line of JSON, then the data. The answer is a line alone, or a line and a list.</summary>
/// <remarks>What is read was written by somebody who may write where nodes do, and may be anything: what does not hold is refused, whatever is in it.</remarks>
public static class NodeMessage
{
    private const int LongestLine = 8 * 1024;
    private const int LongestName = 512;

    /// <summary>A request as bytes.</summary>
    /// <param name="node">Who asks.</param>
    /// <param name="id">What the answer names; 0 where none is wanted.</param>
    /// <param name="request">What is asked.</param>
    public static byte[] Encode(string node, long id, NodeRequest request)
    {
        var line = new NodeLine
        {
            Node = node,
            Id = id,
            Do = request.Action,
            To = request.Target,
            Name = request.Name,
            From = request.From,
            Connection = request.Connection,
            Secret = request.Secret,
            Channel = request.Channel,
            Code = request.Action == NodeAction.Disconnect ? request.Code.Code : null,
            Reason = request.Action == NodeAction.Disconnect ? request.Code.Reason : null,
            Revoke = request.Revoke,
            RevokedAt = request.RevokedAt,
        };
        return [.. JsonSerializer.SerializeToUtf8Bytes(line, NodeJson.Default.NodeLine), (byte)'\n', .. request.Data.Span];
    }

    /// <summary>An answer as bytes.</summary>
    /// <param name="node">Who answers.</param>
    /// <param name="id">What was named in the request.</param>
    /// <param name="count">How many connections it concerned.</param>
    /// <param name="data">What was asked for, if anything was.</param>
    public static byte[] EncodeAnswer(string node, long id, int count, ReadOnlySpan<byte> data = default)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(new NodeLine { Node = node, Id = id, Count = count }, NodeJson.Default.NodeLine);
        return data.IsEmpty ? line : [.. line, (byte)'\n', .. data];
    }

    /// <summary>Reads a request.</summary>
    /// <param name="published">The bytes.</param>
    /// <returns>Null where it is no request.</returns>
    public static (string Node, long Id, NodeRequest Request)? Decode(ReadOnlyMemory<byte> published)
    {
        var end = published.Span[..Math.Min(published.Length, LongestLine)].IndexOf((byte)'\n');
        if (end < 0 || published.Length > LogEntry.LargestPayload || Read(published.Span[..end]) is not { } line
            || line.Name is not { Length: <= LongestName } || line.From is { Length: > LongestName } || line.Connection is { Length: > LongestName } || line.Secret is { Length: > LongestName }
            || line.Do is not { } action || line.To is not { } target || !Enum.IsDefined(action) || !Enum.IsDefined(target))
        {
            return null;
        }

        var request = new NodeRequest(action, target, line.Name)
        {
            From = line.From,
            Connection = line.Connection,
            Secret = line.Secret,
            Channel = line.Channel,
            Code = line.Code is { } code ? new DisconnectCode(code, line.Reason ?? "") : DisconnectCode.DisconnectedByServer,
            Revoke = line.Revoke,
            RevokedAt = line.RevokedAt,
            Data = published[(end + 1)..],
        };
        return IsWhole(request) ? (line.Node, line.Id, request) : null;
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="published">The bytes.</param>
    /// <returns>Null where it is no answer.</returns>
    public static (string Node, long Id, int Count, ReadOnlyMemory<byte> Data)? DecodeAnswer(ReadOnlyMemory<byte> published)
    {
        var end = published.Span[..Math.Min(published.Length, LongestLine)].IndexOf((byte)'\n');
        if (published.Length > (end < 0 ? LongestLine : LogEntry.LargestPayload))
        {
            return null;
        }

        return Read(published.Span[..(end < 0 ? published.Length : end)]) is { Count: { } count } line ? (line.Node, line.Id, count, end < 0 ? default : published[(end + 1)..]) : null;
    }

    private static bool IsWhole(NodeRequest request) => request.Action switch
    {
        NodeAction.Send => request.Target switch
        {
            NodeTarget.Client or NodeTarget.AllClients => JsonPayload.IsJson(request.Data.Span),
            NodeTarget.Token => false,
            _ => JsonPayload.IsOneLine(request.Data.Span),
        },
        NodeAction.Hear => request.Target == NodeTarget.Connection && request.Secret is not null && Utf8.IsValid(request.Data.Span),
        NodeAction.Track => request is { Target: NodeTarget.Connection, From: not null, Channel: { } tracked } && ChannelName.IsValid(tracked)
            && (request.Data.IsEmpty || JsonPayload.IsMemberInfo(request.Data.Span)),
        NodeAction.List => NodeListQuery.Read(request.Data.Span) is not null,
        NodeAction.Report => true,
        NodeAction.Disconnect => request.Target != NodeTarget.AllClients
            && DisconnectCode.IsValidOnWire(request.Code.Code) && Encoding.UTF8.GetByteCount(request.Code.Reason) <= DisconnectCode.LongestReason,
        _ => request.Target is NodeTarget.User or NodeTarget.Connection && request.Channel is { } channel && ChannelName.IsValid(channel),
    };

    private static NodeLine? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, NodeJson.Default.NodeLine) is { Node.Length: > 0 and <= 64 } line && LogEntry.IsEpoch(Encoding.UTF8.GetBytes(line.Node)) ? line : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The line of JSON. What a later version may add is left out.</summary>
internal sealed class NodeLine
{
    public string Node { get; set; } = "";
    public long Id { get; set; }
    public int? Count { get; set; }
    public NodeAction? Do { get; set; }
    public NodeTarget? To { get; set; }
    public string? Name { get; set; }
    public string? From { get; set; }
    public string? Connection { get; set; }
    public string? Secret { get; set; }
    public string? Channel { get; set; }
    public ushort? Code { get; set; }
    public string? Reason { get; set; }
    public bool Revoke { get; set; }
    public long RevokedAt { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, UseStringEnumConverter = true, MaxDepth = 4)]
[JsonSerializable(typeof(NodeLine))]
internal sealed partial class NodeJson : JsonSerializerContext;
