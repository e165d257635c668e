using System.Text;
using System.Text.Json;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Transports;

/// <summary>The channels of a stream or a poll as its address has them.</summary>
internal static class FollowQuery
{
    // In characters.
    private const int LongestInfos = 3000;

    public static string Of(IReadOnlyList<(string Channel, StreamPosition Position)> channels)
    {
        if (channels.Count == 0)
        {
            return "";
        }

        var query = new StringBuilder("since=").Append(PositionText.Write(channels));
        foreach (var (channel, _) in channels)
        {
            query.Append("&channel=").Append(Uri.EscapeDataString(channel));
        }

        return query.ToString();
    }

    /// <summary>What is said of this client's members, as far as it fits into an address: to follow the rest of the query; "" for nothing.</summary>
    /// <param name="infos">What is said.</param>
    /// <param name="left">What did not fit.</param>
    public static string OfInfos(IReadOnlyList<(string Channel, ReadOnlyMemory<byte> Info)> infos, out IReadOnlyList<(string Channel, ReadOnlyMemory<byte> Info)> left)
    {
        var query = new StringBuilder();
        var unsaid = new List<(string, ReadOnlyMemory<byte>)>();
        foreach (var (channel, info) in infos)
        {
            var entry = Uri.EscapeDataString($"\"{JsonEncodedText.Encode(channel)}\":{Encoding.UTF8.GetString(info.Span)}");
            if (query.Length + entry.Length > LongestInfos)
            {
                unsaid.Add((channel, info));
            }
            else
            {
                query.Append(query.Length == 0 ? "" : "%2C").Append(entry);
            }
        }

        left = unsaid;
        return query.Length == 0 ? "" : $"&info=%7B{query}%7D";
    }
}

/// <summary>Ends what runs for the present channels when they change.</summary>
internal sealed class FollowSignal(IFollowedChannels channels)
{
    private readonly Lock _gate = new();
    private CancellationTokenSource? _current;
    private HashSet<string> _asked = [];
    private bool _presence;
    private bool _occupancy;
    private string _tokens = "";
    private bool _set;

    /// <summary>The channels to ask for now.</summary>
    public IReadOnlyList<(string Channel, StreamPosition Position)> Ask()
    {
        var followed = channels.Followed;
        lock (_gate)
        {
            _asked = [.. followed.Select(static entry => entry.Channel)];
            _presence = channels.Presence;
            _occupancy = channels.Occupancy;
            _tokens = channels.Tokens;
        }

        return followed;
    }

    /// <summary>What is running now is to begin anew where it was asked for other channels than there are now.</summary>
    public void SetIfChanged()
    {
        var followed = channels.Followed;
        bool changed;
        lock (_gate)
        {
            changed = _presence != channels.Presence || _occupancy != channels.Occupancy || _tokens != channels.Tokens || !_asked.SetEquals(followed.Select(static entry => entry.Channel));
        }

        if (changed)
        {
            Set();
        }
    }

    /// <summary>What is running now is to begin anew.</summary>
    public void Set()
    {
        CancellationTokenSource? current;
        lock (_gate)
        {
            _set = true;
            current = _current;
        }

        try
        {
            current?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself: the next sees the change.
        }
    }

    /// <summary>Runs until the next change or until <paramref name="end"/>. Changes before it are in it.</summary>
    public CancellationTokenSource Next(CancellationToken end)
    {
        lock (_gate)
        {
            _set = false;
            return _current = CancellationTokenSource.CreateLinkedTokenSource(end);
        }
    }

    /// <summary>Whether there was a change since <see cref="Next"/>.</summary>
    public bool IsSet
    {
        get
        {
            lock (_gate)
            {
                return _set;
            }
        }
    }
}
