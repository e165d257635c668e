using Tidings.Clients;
using Tidings.Connections;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.Engine;

/// <summary>What an engine asks of its node, from when the node has been made. Safe from any thread.</summary>
internal sealed class NodeHoldings : INodeWork, IRevocationBook, IHeldConnections, IHeldNames
{
    private static readonly DisconnectCode[] Ends = [DisconnectCode.DisconnectedByServer, DisconnectCode.Unavailable];

    private INodeWork? _work;
    private ConnectionRegistry? _connections;
    private volatile ClientRegistry? _clients;

    public void Serve(INodeWork work, ConnectionRegistry connections, ClientRegistry clients)
    {
        (_work, _connections) = (work, connections);

        // Last: a thread that sees it sees the others.
        _clients = clients;
    }

    public ValueTask<int> CarryOutAsync(NodeRequest request) => _clients is null ? default : _work!.CarryOutAsync(request);

    public ValueTask<IReadOnlyList<NodeListRow>?> ListAsync(NodeRequest request) => _clients is null ? default : _work!.ListAsync(request);

    IReadOnlyList<Revocation> IRevocationBook.All => _clients is null ? [] : _connections!.Revocations.All;

    public void Take(IReadOnlyCollection<Revocation> revocations)
    {
        if (_clients is null)
        {
            return;
        }

        var (connections, isNew) = (_connections!, false);
        foreach (var revocation in revocations)
        {
            isNew |= connections.Revocations.Add(revocation);
        }

        foreach (var code in isNew ? Ends : [])
        {
            _ = connections.EndAsync(identity => connections.Revocations.EndOf(identity) == code, code, drop: true);
        }
    }

    public bool AreLimited => _clients is not null && _connections!.LimitsUsers;

    public IReadOnlyList<string> Users => _clients is null ? [] : _connections!.Users;

    public void Tell(IEnumerable<string> users, Action<string, int> say)
    {
        if (_clients is not null)
        {
            _connections!.EachCount(users, (user, count) =>
            {
                say(user, count);
                return true;
            });
        }
    }

    public DuplicateClients Duplicates => _clients?.Duplicates ?? default;

    IReadOnlyList<(string Client, int Right)> IHeldNames.All =>
        _clients is { } clients ? [.. clients.All.Select(client => (client, clients.RightOf(client))).Where(static one => one.Item2 is not null).Select(static one => (one.client, one.Item2!.Value))] : [];

    public void Renew(string client, long claim) => _clients?.Renew(client, claim);

    public void GiveUp(string client, long claim, DisconnectCode code) => _clients?.GiveUp(client, claim, code);

    public void TellLeft(string client) => _clients?.TellLeft(client);
}
