using Tidings.Clients;
using Tidings.Connections;
using Tidings.Presence;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>What the nodes know of users together: who was revoked, how many connections each has, whose a name is, and who was here last.</summary>
public sealed class ProcessUsers(ProcessCluster cluster) : ILastSeen
{
    private readonly Lock _gate = new();
    private readonly HashSet<Revocation> _revoked = [];
    private readonly Dictionary<(string User, ProcessNode Node), int> _counts = [];
    private readonly Dictionary<string, Dictionary<ProcessNode, (int Right, long Claim)>> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
    private long _claims;

    /// <summary>A node that comes knows what was revoked.</summary>
    public void Tell(ProcessNode node)
    {
        lock (_gate)
        {
            node.Site?.Revocations.Take(_revoked);
        }
    }

    public void Leave(ProcessNode node)
    {
        List<string> names;
        lock (_gate)
        {
            foreach (var key in _counts.Keys.Where(key => key.Node == node).ToList())
            {
                _counts.Remove(key);
            }

            names = [.. _names.Where(one => one.Value.Remove(node) && one.Value.Count == 0).Select(static one => one.Key)];
        }

        names.ForEach(TellLeft);
    }

    public void Revoke(ProcessNode by, Revocation revocation)
    {
        lock (_gate)
        {
            _revoked.Add(revocation);
        }

        foreach (var node in cluster.Nodes.Where(node => node != by))
        {
            node.Site?.Revocations.Take([revocation]);
        }
    }

    public bool Enter(ProcessNode node, string user, int here, int limit)
    {
        lock (_gate)
        {
            if (_counts.Where(one => one.Key.User == user && one.Key.Node != node).Sum(static one => one.Value) + here > limit)
            {
                return false;
            }

            _counts[(user, node)] = here;
            return true;
        }
    }

    public void Set(ProcessNode node, string user, int here)
    {
        lock (_gate)
        {
            _counts[(user, node)] = here;
        }
    }

    public NameClaim Claim(ProcessNode node, string client, int right, DuplicateClients duplicates)
    {
        List<ProcessNode> losers = [];
        long claim;
        lock (_gate)
        {
            var holders = _names.TryGetValue(client, out var known) ? known : _names[client] = [];
            var others = holders.Where(one => one.Key != node).ToList();
            if (others.Exists(one => one.Value.Right > right))
            {
                return new NameClaim(0, DisconnectCode.NameTaken);
            }

            if (duplicates == DuplicateClients.Refuse && others.Exists(one => one.Value.Right == right))
            {
                return new NameClaim(0, DisconnectCode.TooManyConnections);
            }

            foreach (var (other, _) in others.Where(one => one.Value.Right < right || duplicates == DuplicateClients.Replace))
            {
                holders.Remove(other);
                losers.Add(other);
            }

            claim = ++_claims;
            holders[node] = (right, claim);
        }

        losers.ForEach(loser => loser.Site?.Names.GiveUp(client, claim, DisconnectCode.Replaced));
        return new NameClaim(claim);
    }

    public void Release(ProcessNode node, string client, long claim)
    {
        lock (_gate)
        {
            if (!_names.TryGetValue(client, out var holders) || !holders.TryGetValue(node, out var held) || held.Claim > claim)
            {
                return;
            }

            holders.Remove(node);
            if (holders.Count > 0)
            {
                return;
            }

            _names.Remove(client);
        }

        TellLeft(client);
    }

    public void Note(string user)
    {
        lock (_gate)
        {
            _seen[user] = cluster.Now;
            if (_seen.Count > ILastSeen.MostUsers)
            {
                _seen.Remove(_seen.MinBy(static one => one.Value).Key);
            }
        }
    }

    public ValueTask<IReadOnlyDictionary<string, long>> ReadAsync(IReadOnlyList<string> users, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var oldest = cluster.Now - (long)ILastSeen.Life.TotalMilliseconds;
            return ValueTask.FromResult<IReadOnlyDictionary<string, long>>(users.Distinct().Where(user => _seen.GetValueOrDefault(user) > oldest).ToDictionary(static user => user, user => _seen[user]));
        }
    }

    public ValueTask<bool> EraseAsync(string user)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_seen.Remove(user));
        }
    }

    private void TellLeft(string client)
    {
        foreach (var node in cluster.Nodes)
        {
            node.Site?.Names.TellLeft(client);
        }
    }
}

/// <summary>A node's part in that.</summary>
public sealed class ProcessUsersOfNode(ProcessCluster cluster, ProcessNode node) : IRevocationLog, IConnectionCounts, IClientNames
{
    public Task ShareAsync(Revocation revocation)
    {
        cluster.Users.Revoke(node, revocation);
        return Task.CompletedTask;
    }

    public Task<bool> EnterAsync(string user, int here, int limit) => Task.FromResult(cluster.Users.Enter(node, user, here, limit));

    public void Leave(string user, int here) => cluster.Users.Set(node, user, here);

    public Task<NameClaim> ClaimAsync(string client, int right, DuplicateClients duplicates) => Task.FromResult(cluster.Users.Claim(node, client, right, duplicates));

    public bool TryRelease(string client, long claim)
    {
        cluster.Users.Release(node, client, claim);
        return true;
    }
}
