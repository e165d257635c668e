using Tidings.Events;

namespace Tidings.Data.State;

/// <summary>How something that is held is ended in the place of the process.</summary>
/// <param name="Receivers">Who is told, a bit for each.</param>
/// <param name="Json">The event, up to its time.</param>
internal sealed record EventEnd(ulong Receivers, byte[] Json);

/// <summary>Changes that are stored together.</summary>
internal sealed class EventStep(EventQueue[] queues)
{
    /// <summary>What is held from then on; null where it is held no more.</summary>
    public Dictionary<string, EventEnd?> Held { get; } = new(StringComparer.Ordinal);

    public List<(int Queue, long Place, byte[] Json)> Told { get; } = [];

    public long[] Next { get; } = [.. queues.Select(static queue => queue.Next)];

    /// <summary>How something ends that is held after this step so far; null where it is not.</summary>
    public EventEnd? Find(string key, IReadOnlyDictionary<string, EventEnd> before) => Held.TryGetValue(key, out var will) ? will : before.GetValueOrDefault(key);

    public void Hold(string key, EventEnd will) => Held[key] = will;

    public void Release(string key) => Held[key] = null;

    public void End(string key, EventEnd will, long now)
    {
        Held[key] = null;
        Tell(EventWill.Complete(will.Json, now), will.Receivers);
    }

    public void Tell(byte[] json, ulong receivers)
    {
        for (var i = 0; i < queues.Length; i++)
        {
            if ((receivers & (1UL << i)) != 0 && !queues[i].IsEnded)
            {
                Told.Add((i, Next[i]++, json));
            }
        }
    }
}
