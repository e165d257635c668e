using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tidings.Protocol;
using Tidings.Protocol.Positions;

namespace Tidings.AspNetCore.Api;

/// <summary>Reads the values of a query, and remembers the first fault.</summary>
internal sealed class ApiQuery(IQueryCollection query)
{
    public string? Fault { get; private set; }

    /// <summary>Notes a fault, and returns the value that takes the place of the wrong one.</summary>
    public T Refuse<T>(string fault, T instead)
    {
        Fault ??= fault;
        return instead;
    }

    public string? Text(string name)
    {
        var values = query[name];
        if (values.Count > 1)
        {
            Fault ??= $"{name} occurs more than once.";
        }

        return values.Count == 0 ? null : values[0];
    }

    public int? Number(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Fault ??= $"{name} must be a whole number.";
        return null;
    }

    public long? Offset(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= StreamPosition.LargestOffset)
        {
            return number;
        }

        Fault ??= $"{name} must be a whole number below 2^53.";
        return null;
    }

    /// <summary>How far a reader has come in <paramref name="channel"/>, by a position as all URLs have it (docs/protocol.md, "Positions").</summary>
    public StreamPosition? Position(string name, string? channel)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        foreach (var place in ChannelPositions.TryRead(text) ?? [])
        {
            if (place.Channel == channel)
            {
                return place.Position;
            }
        }

        Fault ??= $"{name} must be a position in this channel: the base64url of [[\"channel\",\"epoch\",offset]].";
        return null;
    }
}
