using System.Diagnostics.Metrics;
using Tidings.Channels;

namespace Tidings.Diagnostics;

/// <summary>The messages that one lane hands on in a turn, from their acceptance to the end of the turn, when they are written. Belongs to the lane.</summary>
internal sealed class LaneDeliveries(TimeProvider time)
{
    private readonly List<long> _accepted = [];

    /// <summary>Where the times go; null until somebody measures.</summary>
    public Histogram<double>? Duration { get; set; }

    /// <summary>A message goes to its subscribers in this turn.</summary>
    public void Begin(Message message)
    {
        if (Duration is { Enabled: true } && message.Kind != MessageKind.Gap)
        {
            _accepted.Add(message.AcceptedAt);
        }
    }

    /// <summary>All that was handed on is written, as far as the sockets took it.</summary>
    public void End()
    {
        if (_accepted.Count == 0)
        {
            return;
        }

        var now = time.GetTimestamp();
        foreach (var accepted in _accepted)
        {
            Duration!.Record(time.GetElapsedTime(accepted, now).TotalSeconds);
        }

        _accepted.Clear();
    }
}
