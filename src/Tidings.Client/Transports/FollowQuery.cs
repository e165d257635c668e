using System.Text;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Transports;

/// <summary>The channels of a stream or a poll as its address has them.</summary>
internal static class FollowQuery
{
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
}

/// <summary>Ends what runs for the present channels when they change.</summary>
internal sealed class FollowSignal(IFollowedChannels channels)
{
    private readonly Lock _gate = new();
    private CancellationTokenSource? _current;
    private HashSet<string> _asked = [];
    private bool _presence;
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
            changed = _presence != channels.Presence || _tokens != channels.Tokens || !_asked.SetEquals(followed.Select(static entry => entry.Channel));
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
