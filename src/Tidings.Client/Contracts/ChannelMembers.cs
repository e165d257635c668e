using System.Collections;
using System.Collections.Immutable;

namespace Tidings.Client;

/// <summary>Who is there, as far as a subscription with <see cref="SubscribeOptions.Presence"/> was told: the first hundred that the server lists, and all
/// who came after. Safe from any thread.</summary>
#pragma warning disable CA1710 // It is who is there; that it can be read as a collection comes besides.
public sealed class ChannelMembers : IReadOnlyCollection<ChannelMember>
#pragma warning restore CA1710
{
    private readonly Lock _gate = new();
    private ImmutableDictionary<(string, string?), ChannelMember> _members = ImmutableDictionary<(string, string?), ChannelMember>.Empty;
    private int _total;

    private readonly Action<Exception> _onFailure;

    /// <param name="onFailure">Told what a handler of the application throws.</param>
    internal ChannelMembers(Action<Exception> onFailure) => _onFailure = onFailure;

    /// <summary>Tells each difference, also those of an absence, in order. Called by the client as it hears of it, before the loop does: it must not wait.</summary>
    public event Action<ChannelMembersChange>? Changed;

    /// <summary>How many are known.</summary>
    public int Count => Known.Count;

    /// <summary>How many are there, known or not.</summary>
    public int Total => Volatile.Read(ref _total);

    private ImmutableDictionary<(string User, string? Connection), ChannelMember> Known => Volatile.Read(ref _members);

    /// <summary>A member, or null.</summary>
    /// <param name="user">The user's id; of somebody anonymous <c>~</c> and the connection's id.</param>
    /// <param name="connection">Where each connection is a member, which.</param>
    public ChannelMember? Find(string user, string? connection = null) => Known.GetValueOrDefault((user, connection));

    /// <summary>Those who are there now.</summary>
    public IEnumerator<ChannelMember> GetEnumerator() => Known.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Set(ChannelPresence presence)
    {
        ChannelMembersChange change;
        lock (_gate)
        {
            var before = _members;
            _members = presence.Members.ToImmutableDictionary(KeyOf);
            _total = presence.Count;
            change = new ChannelMembersChange(
                [.. _members.Where(entry => !before.ContainsKey(entry.Key)).Select(static entry => entry.Value)],
                [.. before.Where(entry => !_members.ContainsKey(entry.Key)).Select(static entry => entry.Value)],
                [.. _members.Where(entry => before.TryGetValue(entry.Key, out var known) && !IsSame(known, entry.Value)).Select(static entry => entry.Value)]);
        }

        Tell(change);
    }

    internal void Add(ChannelMember member, bool isNew)
    {
        ChannelMember? known;
        lock (_gate)
        {
            known = _members.GetValueOrDefault(KeyOf(member));
            _members = _members.SetItem(KeyOf(member), member);
            _total = Math.Max(_total + (isNew && known is null ? 1 : 0), _members.Count);
        }

        Tell(new ChannelMembersChange(known is null && isNew ? [member] : [], [], known is null ? isNew ? [] : [member] : IsSame(known, member) ? [] : [member]));
    }

    internal void Remove(ChannelMember member)
    {
        lock (_gate)
        {
            _members = _members.Remove(KeyOf(member));
            _total = Math.Max(_total - 1, _members.Count);
        }

        Tell(new ChannelMembersChange([], [member], []));
    }

    private void Tell(ChannelMembersChange change)
    {
        if (change.Joined.Count + change.Left.Count + change.Updated.Count > 0)
        {
            try
            {
                Changed?.Invoke(change);
            }
            catch (Exception error)
            {
                _onFailure(error);
            }
        }
    }

    private static (string, string?) KeyOf(ChannelMember member) => (member.User, member.Connection);

    private static bool IsSame(ChannelMember one, ChannelMember other) =>
        one.Info.Span.SequenceEqual(other.Info.Span) && one.UserInfo.Span.SequenceEqual(other.UserInfo.Span);
}

/// <summary>What has changed of who is there.</summary>
/// <param name="Joined">Who has come.</param>
/// <param name="Left">Who has gone.</param>
/// <param name="Updated">Who says something else, and what it is now.</param>
public sealed record ChannelMembersChange(IReadOnlyList<ChannelMember> Joined, IReadOnlyList<ChannelMember> Left, IReadOnlyList<ChannelMember> Updated);
