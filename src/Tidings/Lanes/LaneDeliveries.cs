using System.Diagnostics.Metrics;
using Tidings.Diagnostics;
using Tidings.Messages;

namespace Tidings.Lanes;

/// <summary>The messages that one lane hands on in a turn, from their acceptance to the end of the turn, when they are written. Belongs to the lane.</summary>
internal sealed class LaneDeliveries(TimeProvider time)
{
    private readonly List<long> _accepted = [];
    private readonly List<(Message Message, int Subscribers)> _traced = [];

    /// <summary>Where the times go; null until somebody measures.</summary>
    public Histogram<double>? Duration { get; set; }

    /// <summary>A message goes to its subscribers in this turn.</summary>
    public void Begin(Message message, int subscribers)
    {
        if (message.Kind is MessageKind.Gap or MessageKind.Erasure)
        {
            return;
        }

        if (Duration is { Enabled: true })
        {
            _accepted.Add(message.AcceptedAt);
        }

        if (message.TraceParent is not null && Tracing.Source.HasListeners())
        {
            _traced.Add((message, subscribers));
        }
    }

    /// <summary>All that was handed on is written, as far as the sockets took it.</summary>
    public void End()
    {
        if (_accepted.Count == 0 && _traced.Count == 0)
        {
            return;
        }

        var now = time.GetTimestamp();
        foreach (var accepted in _accepted)
        {
            Duration!.Record(time.GetElapsedTime(accepted, now).TotalSeconds);
        }

        foreach (var (message, subscribers) in _traced)
        {
            Tracing.Delivered(message, subscribers, time.GetUtcNow(), time.GetElapsedTime(message.AcceptedAt, now));
        }

        _accepted.Clear();
        _traced.Clear();
    }
}
