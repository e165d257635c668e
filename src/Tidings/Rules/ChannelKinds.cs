using Tidings.Protocol;

namespace Tidings.Rules;

/// <summary>All kinds of channels of an application, looked up by name: the first whose pattern matches.</summary>
internal sealed class ChannelKinds
{
    // Without any of their own: clients talk in chat:* and room:*, elsewhere the server alone.
    private static readonly ChannelKind[] BuiltIn =
    [
        new(new ChannelPattern("chat:*")) { Publish = ChannelAccess.Anyone },
        new(new ChannelPattern("room:*")) { Publish = ChannelAccess.Anyone },
    ];

    private static readonly ChannelKind Other = new(new ChannelPattern("*"));

    // To clients it is closed unless a token opens it; a user's own channel and what the server publishes are not concerned.
    private static readonly ChannelKind Unmatched = Other with { Subscribe = ChannelAccess.Server };

    /// <summary>That of a command which has no channel.</summary>
    public static readonly ChannelKind None = Other with { Closed = true };

    private volatile ChannelKind[] _kinds = [];
    private volatile ChannelKind[] _features = [];
    private volatile bool _unmatchedAreOpen = true;

    /// <summary>Adds a kind, or puts it in the place of the one with the same pattern. Kinds are looked up in the order of their adding.</summary>
    public void Set(ChannelKind kind)
    {
        var index = Array.FindIndex(_kinds, other => other.Pattern.Text == kind.Pattern.Text);
        if (index < 0)
        {
            _kinds = [.. _kinds, kind];
        }
        else
        {
            var kinds = _kinds.ToArray();
            kinds[index] = kind;
            _kinds = kinds;
        }
    }

    /// <summary>Puts <paramref name="kinds"/> in the place of all that were added.</summary>
    public void Replace(ChannelKind[] kinds) => _kinds = kinds;

    /// <summary>Adds a kind that a feature of Tidings needs. Those of the application go before it, unless it is closed, and it takes nothing
    /// away from what holds where the application has none.</summary>
    public void SetFeature(ChannelKind kind) => _features = [.. _features.Where(other => other.Pattern.Text != kind.Pattern.Text), kind];

    /// <summary>Whether clients may subscribe to channels that no kind matches.</summary>
    public bool UnmatchedAreOpen
    {
        get => _unmatchedAreOpen;
        set => _unmatchedAreOpen = value;
    }

    /// <summary>Rules that go before the application's, or null.</summary>
    public IChannelOverlay? Overlay { get; set; }

    public ChannelKind Find(string channel) => Overlay?.Find(channel, FindOwn) ?? FindOwn(channel);

    /// <summary>What the application says of a channel, whatever the server makes of it.</summary>
    public ChannelKind FindOwn(string channel)
    {
        var kinds = _kinds;
        var feature = Find(_features, channel) is { } found ? found.IsOpenAsUnmatched && !UnmatchedAreOpen ? found.Shut : found : null;
        return feature is { Closed: true } ? feature
            : Find(kinds, channel) ?? feature ?? (kinds.Length == 0 ? Find(BuiltIn, channel) : null)
            ?? (UnmatchedAreOpen || channel == ChannelName.Everybody ? Other : Unmatched);
    }

    /// <summary>The same for the plain text route of a room: what no kind speaks of is open there.</summary>
    public ChannelKind FindRoom(string channel) => Find(_kinds, channel) ?? BuiltIn[1];

    private static ChannelKind? Find(ChannelKind[] kinds, string channel)
    {
        foreach (var kind in kinds)
        {
            if (kind.Pattern.Matches(channel))
            {
                return kind;
            }
        }

        return null;
    }
}
