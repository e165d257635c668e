using Tidings.Options;
using Tidings.Protocol;

namespace Tidings.Events;

/// <summary>Which events a receiver is told.</summary>
/// <param name="types">Of which types.</param>
/// <param name="channels">Of which channels; of all but the server's own where none is named.</param>
internal sealed class EventFilter(EventType types, IReadOnlyList<ChannelPattern> channels)
{
    /// <summary>Everything that needs no channel to be named.</summary>
    public static readonly EventFilter Everything = new(EventType.All & ~EventType.MessagePublished, []);

    // The server subscribes to these, or serves something of its own in them.
    private static readonly string[] Own = [ChannelName.UserPrefix, "task:", "resource:"];

    public static EventFilter Of(EventReceiverOptions options) => new(
        options.Types.Count == 0 ? EventType.All : options.Types.Aggregate(EventType.None, static (types, name) => types | (EventNames.Find(name) ?? EventType.None)),
        [.. options.Channels.Select(static pattern => new ChannelPattern(pattern))]);

    public EventType Types => types;

    /// <summary>Whether a channel is one of those that are told, in the place of patterns; null where those say it.</summary>
    public Func<EventType, string, bool>? Among { get; init; }

    /// <summary>Which messages are told, by the name of their event; null for all.</summary>
    public Func<string?, bool>? Messages { get; init; }

    public bool Wants(EventType type) => (types & type) != 0;

    public bool WantsMessage(string channel, string? name) => Wants(EventType.MessagePublished, channel) && Messages?.Invoke(name) != false;

    public bool Wants(EventType type, string channel)
    {
        if (!Wants(type) || channel[0] <= ' ')
        {
            return false;
        }

        if (Among is not null)
        {
            return Among(type, channel);
        }

        if (channels.Count == 0)
        {
            return type != EventType.MessagePublished && channel != ChannelName.Everybody && !Array.Exists(Own, prefix => channel.StartsWith(prefix, StringComparison.Ordinal));
        }

        foreach (var pattern in channels)
        {
            if (pattern.Matches(channel))
            {
                return true;
            }
        }

        return false;
    }
}
