using System.Text;
using System.Text.Json;
using Tidings.Messages;
using Xunit;

namespace Tidings.Specification;

/// <summary>Somebody who is told of joins (<c>+</c>), leaves (<c>-</c>) and updates (<c>=</c>), each with the member as JSON.</summary>
/// <param name="channel">The channel whose members they are.</param>
public sealed class PresenceWatch(string channel) : IMessageListener
{
    private readonly List<string> _told = [];
    private int _expected;

    /// <summary>All that was told, in order.</summary>
    public IReadOnlyList<string> Told
    {
        get
        {
            lock (_told)
            {
                return [.. _told];
            }
        }
    }

    /// <inheritdoc/>
    public void Offer(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Assert.Equal(channel, message.Channel);
        Assert.Equal(0, message.Offset);
        lock (_told)
        {
            _told.Add((message.Kind switch { MessageKind.Join => "+", MessageKind.Leave => "-", _ => "=" }) + Encoding.UTF8.GetString(message.Data.Bytes.Span));
        }
    }

    /// <summary>What is told next.</summary>
    public async Task ExpectAsync(string text, TimeSpan? limit = null)
    {
        await Eventually.TrueAsync(() => Told.Count > _expected, () => $"{text} is told, after {string.Join(' ', Told)}", limit);
        Assert.Equal(text, Told[_expected++]);
    }

    /// <summary>What is told next, whatever it is.</summary>
    public async Task<string> NextAsync(TimeSpan? limit = null)
    {
        await Eventually.TrueAsync(() => Told.Count > _expected, () => $"more is told, after {string.Join(' ', Told)}", limit);
        return Told[_expected++];
    }

    /// <summary>Nothing was told that was not expected, by the time that a node's further step has been told.</summary>
    public async Task ExpectNothingAsync(EngineNode by)
    {
        ArgumentNullException.ThrowIfNull(by);
        var mark = Guid.NewGuid().ToString("n");
        await by.Presence.JoinAsync(channel, mark, mark, default);
        await ExpectAsync($$"""+{"user":"{{mark}}","connections":1}""");
    }

    /// <summary>Who is there by what was told, each join and leave in its turn.</summary>
    public IEnumerable<string> Present()
    {
        var there = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var told in Told)
        {
            var user = JsonElement.Parse(told[1..]).GetProperty("user").GetString()!;
            Assert.True(told[0] == '+' ? there.Add(user) : there.Remove(user), $"{told} after {string.Join(' ', Told)}");
        }

        return there;
    }

    /// <summary>What each member that is there says, by what was told.</summary>
    public IEnumerable<string> Shown()
    {
        var there = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var told in Told)
        {
            var member = JsonElement.Parse(told[1..]);
            var user = member.GetProperty("user").GetString()!;
            Assert.True(there.ContainsKey(user) == (told[0] != '+'), $"{told} after {string.Join(' ', Told)}");
            there[user] = member.TryGetProperty("info", out var info) ? info.GetRawText() : "";
            if (told[0] == '-')
            {
                there.Remove(user);
            }
        }

        return there.Select(static entry => $"{entry.Key} {entry.Value}");
    }
}
