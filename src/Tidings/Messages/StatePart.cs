using Tidings.Protocol;

namespace Tidings.Messages;

/// <summary>Some entries of a channel's state: the newest message of each key, in the order of their offsets. Immutable.</summary>
/// <param name="Entries">The messages.</param>
/// <param name="More">Whether further entries follow.</param>
public sealed record StatePart(IReadOnlyList<Message> Entries, bool More)
{
    private const int MostBytes = 64 << 10;
    private const int Overhead = 96;

    /// <summary>Bytes that it takes on a wire, about.</summary>
    internal int Bytes { get; } = Entries.Sum(SizeOf);

    /// <summary>Cuts a state into parts that one frame each can have. There is always one, also of an empty state.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="state">The newest message of each key, in any order.</param>
    public static IReadOnlyList<Message> Cut(string channel, IEnumerable<Message> state)
    {
        var parts = new List<List<Message>> { new() };
        var bytes = 0;
        foreach (var entry in state.OrderBy(static entry => entry.Offset))
        {
            if (bytes > 0 && bytes + SizeOf(entry) > MostBytes)
            {
                parts.Add([]);
                bytes = 0;
            }

            parts[^1].Add(entry);
            bytes += SizeOf(entry);
        }

        return [.. parts.Select((entries, index) => new StatePart(entries, index < parts.Count - 1).ToMessage(channel))];
    }

    /// <summary>The same without one message.</summary>
    /// <returns>Null where it is not in here.</returns>
    internal StatePart? Without(StreamPosition position) =>
        Entries.Any(entry => entry.Position == position) ? new StatePart([.. Entries.Where(entry => entry.Position != position)], More) : null;

    /// <summary>The part as something that is said to one subscriber.</summary>
    internal Message ToMessage(string channel) =>
        new() { Kind = MessageKind.State, Channel = channel, Position = default, Time = 0, Data = default, State = this };

    private static int SizeOf(Message entry) => Overhead + entry.Data.Length + entry.ExtraBytes;
}
