using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Presence;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>Who listens, on all nodes.</summary>
public sealed class ProcessMembers(ProcessCluster cluster)
{
    private readonly Dictionary<string, Dictionary<string, Member>> _channels = new(StringComparer.Ordinal);
    private long _stamp;

    public void Join(string node, Attendance who, ReadOnlyMemory<byte> tracked)
    {
        lock (cluster.Gate)
        {
            var members = _channels.TryGetValue(who.Channel, out var known) ? known : _channels[who.Channel] = new(StringComparer.Ordinal);
            var isNew = !members.TryGetValue(who.Member, out var member);
            member ??= members[who.Member] = new Member(who);
            member.LeavesAt = null;
            member.Connections.TryAdd((node, who.Connection), default);
            if (who.Terms.Tracked && !tracked.IsEmpty)
            {
                member.Connections[(node, who.Connection)] = (tracked, ++_stamp);
            }

            if (isNew)
            {
                member.Shown = member.Latest;
                Tell(MessageKind.Join, member);
            }
            else
            {
                Show(member);
            }
        }
    }

    public bool Track(string node, Attendance who, ReadOnlyMemory<byte> tracked)
    {
        lock (cluster.Gate)
        {
            if (Find(node, who) is not { } member)
            {
                return false;
            }

            member.Connections[(node, who.Connection)] = (tracked, ++_stamp);
            Show(member);
            return true;
        }
    }

    public ReadOnlyMemory<byte> TrackedBy(string node, Attendance who)
    {
        lock (cluster.Gate)
        {
            return Find(node, who)?.Connections[(node, who.Connection)].Info ?? default;
        }
    }

    public void Leave(string node, Attendance who)
    {
        lock (cluster.Gate)
        {
            if (Find(node, who) is { } member)
            {
                Leave(member, (node, who.Connection), who.Terms.Grace);
            }
        }
    }

    /// <summary>A node has ended, with all its connections.</summary>
    public void Leave(string node)
    {
        lock (cluster.Gate)
        {
            foreach (var member in _channels.Values.SelectMany(static members => members.Values).ToList())
            {
                foreach (var connection in member.Connections.Keys.Where(one => one.Node == node).ToList())
                {
                    Leave(member, connection, member.First.Terms.Grace);
                }
            }
        }
    }

    public PresenceList Read(string channel, int limit)
    {
        lock (cluster.Gate)
        {
            return _channels.TryGetValue(channel, out var members) ? new PresenceList([.. members.Values.Take(limit).Select(static member => member.Describe())], members.Count) : new PresenceList([], 0);
        }
    }

    private Member? Find(string node, Attendance who) =>
        _channels.TryGetValue(who.Channel, out var members) && members.TryGetValue(who.Member, out var member) && member.Connections.ContainsKey((node, who.Connection)) ? member : null;

    private void Leave(Member member, (string Node, string Connection) connection, TimeSpan grace)
    {
        member.Connections.Remove(connection);
        if (member.Connections.Count > 0)
        {
            Show(member);
        }
        else if (grace == TimeSpan.Zero)
        {
            Remove(member);
        }
        else
        {
            var departure = member.LeavesAt = new object();
            member.Departure?.Dispose();
            member.Departure = cluster.Time.CreateTimer(_ => RemoveIf(member, departure), null, grace, Timeout.InfiniteTimeSpan);
        }
    }

    private void RemoveIf(Member member, object departure)
    {
        lock (cluster.Gate)
        {
            if (member.LeavesAt == departure)
            {
                Remove(member);
            }
        }
    }

    private void Remove(Member member)
    {
        member.Departure?.Dispose();
        var members = _channels[member.First.Channel];
        members.Remove(member.First.Member);
        if (members.Count == 0)
        {
            _channels.Remove(member.First.Channel);
        }

        Tell(MessageKind.Leave, member);
    }

    private void Show(Member member)
    {
        if (!member.Latest.Span.SequenceEqual(member.Shown.Span))
        {
            member.Shown = member.Latest;
            Tell(MessageKind.Update, member);
        }
    }

    private void Tell(MessageKind kind, Member member)
    {
        var channel = member.First.Channel;
        var told = new Publication(channel, new MessageData(DataKind.Json, member.Describe().ToJson())) { Kind = kind };
        cluster.Deliver(PresenceChannel.Of(channel), told.ToMessage(default, cluster.Now));
    }

    private sealed class Member(Attendance first)
    {
        public Attendance First => first;

        public Dictionary<(string Node, string Connection), (ReadOnlyMemory<byte> Info, long Stamp)> Connections { get; } = [];

        /// <summary>What is shown of it now.</summary>
        public ReadOnlyMemory<byte> Shown { get; set; }

        /// <summary>What stands for its leaving, unless somebody comes back.</summary>
        public object? LeavesAt { get; set; }

        public ITimer? Departure { get; set; }

        public ReadOnlyMemory<byte> Latest => Connections.Values.Where(static said => !said.Info.IsEmpty).OrderBy(static said => said.Stamp).LastOrDefault().Info;

        public PresenceMember Describe() => new(first.User, Connections.Count, first.Terms.Tracked ? Shown : first.Said, first.Terms.Tracked)
        {
            Connection = first.Terms.PerConnection ? first.Connection : null,
            UserInfo = first.Terms.Tracked ? first.Said : default,
        };
    }
}

/// <summary>A node's part in presence.</summary>
public sealed class ProcessPresence(ProcessCluster cluster, ProcessNode node) : IPresenceStore
{
    public ValueTask JoinAsync(Attendance who, ReadOnlyMemory<byte> tracked = default)
    {
        cluster.Members.Join(node.Name, who, tracked);
        return default;
    }

    public ValueTask<bool> TrackAsync(Attendance who, ReadOnlyMemory<byte> tracked) => ValueTask.FromResult(cluster.Members.Track(node.Name, who, tracked));

    public ReadOnlyMemory<byte> TrackedBy(Attendance who) => cluster.Members.TrackedBy(node.Name, who);

    public ValueTask LeaveAsync(Attendance who)
    {
        cluster.Members.Leave(node.Name, who);
        return default;
    }

    public ValueTask<PresenceList> ReadAsync(string channel, int limit, CancellationToken cancellationToken = default) => ValueTask.FromResult(cluster.Members.Read(channel, limit));
}
