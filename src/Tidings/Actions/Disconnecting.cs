using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Nodes;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.Actions;

/// <summary>Ends connections on the server's word, on every node, and has them stay away where that is asked for. Safe from any thread.</summary>
internal sealed class Disconnecting : INodeWork
{
    // The answer where a token is to be revoked that has no id. One node alone can give it.
    private const int NoTokenId = -1;

    private readonly ConnectionRegistry _registry;
    private readonly ConnectionDirectory _directory;
    private readonly INodes _nodes;
    private readonly IRevocationLog _shared;
    private readonly Everywhere _everywhere;

    public Disconnecting(ConnectionRegistry registry, ConnectionDirectory directory, INodes nodes, IRevocationLog shared)
    {
        _registry = registry;
        _directory = directory;
        _nodes = nodes;
        _shared = shared;
        _everywhere = new Everywhere(nodes, this);
    }

    /// <summary>Called when a token was revoked, after the list of revocations says so: what it granted besides connections ends. Set once, before anything is revoked.</summary>
    public Func<Task> OnTokenRevoked { get; set; } = static () => Task.CompletedTask;

    /// <summary>Ends all connections of a user, whichever route they belong to.</summary>
    /// <param name="user">The user.</param>
    /// <param name="code">What they are told.</param>
    /// <param name="revoke">Whether all tokens that the user has until now are refused from here on, and nothing that waits is sent any more.</param>
    /// <returns>How many connections there were.</returns>
    /// <exception cref="BrokerUnavailableException">The other nodes cannot be reached. A revocation holds here, and there as soon as they can be.</exception>
    public Task<int> UserAsync(string user, DisconnectCode code, bool revoke) => EndAsync(NodeTarget.User, user, code, revoke);

    /// <summary>Ends all connections that one token let in; see <see cref="UserAsync"/>.</summary>
    public Task<int> TokenAsync(string tokenId, DisconnectCode code, bool revoke) => EndAsync(NodeTarget.Token, tokenId, code, revoke);

    /// <summary>Ends all connections of a user, or the one of that public id where there is no such user.</summary>
    public Task<int> UserOrConnectionAsync(string name, DisconnectCode code, bool revoke) => EndAsync(NodeTarget.UserOrConnection, name, code, revoke);

    /// <summary>Ends the connection of that public id; with <paramref name="revoke"/>, all that its token let in.</summary>
    /// <returns>How many connections there were; null where a token is to be revoked that has no id.</returns>
    public async Task<int?> ConnectionAsync(string id, DisconnectCode code, bool revoke)
    {
        var request = new NodeRequest(NodeAction.Disconnect, NodeTarget.Connection, id) { Code = code, Revoke = revoke };
        var count = _directory.Find(id) is null
            ? await _everywhere.DoAsync(request).ConfigureAwait(false)
            : await CarryOutAsync(request).ConfigureAwait(false);
        return count == NoTokenId ? null : count;
    }

    /// <summary>Ends connections of this node.</summary>
    public async ValueTask<int> CarryOutAsync(NodeRequest request)
    {
        var (name, code, revoke) = (request.Name, request.Code, request.Revoke);
        switch (request.Target)
        {
            case NodeTarget.Token:
                if (revoke)
                {
                    _registry.Revocations.Add(new Revocation(RevocationKind.Token, name, request.RevokedAt));
                    await OnTokenRevoked().ConfigureAwait(false);
                }

                return await _registry.EndAsync(identity => identity.TokenId == name, code, drop: revoke).ConfigureAwait(false);
            case NodeTarget.Connection:
                return await EndConnectionAsync(name, code, revoke).ConfigureAwait(false);
        }

        var count = revoke
            ? await RevokeUserAsync(name, code, request.RevokedAt).ConfigureAwait(false)
            : await _registry.EndAsync(identity => identity.User == name, code, drop: false).ConfigureAwait(false);
        return count > 0 || request.Target == NodeTarget.User ? count : await EndConnectionAsync(name, code, revoke: false).ConfigureAwait(false);
    }

    private async Task<int> EndAsync(NodeTarget target, string name, DisconnectCode code, bool revoke)
    {
        var request = new NodeRequest(NodeAction.Disconnect, target, name) { Code = code, Revoke = revoke };
        if (!revoke)
        {
            return await _everywhere.DoAsync(request).ConfigureAwait(false);
        }

        var revocation = target == NodeTarget.Token ? _registry.Revocations.RevokeToken(name) : _registry.Revocations.RevokeUser(name);
        request = request with { RevokedAt = revocation.At };

        // Told once those who were asked have said how many they ended: what they are told may overtake what they are asked. Whatever becomes of both, here it holds.
        var asking = _nodes.AskAsync(request);
        try
        {
            var count = await CarryOutAsync(request).ConfigureAwait(false);
            return count + await asking.ConfigureAwait(false);
        }
        finally
        {
            await _shared.ShareAsync(revocation).ConfigureAwait(false);
        }
    }

    // Tokens that do not say when they were made hold their user off until the last of those that are seen here ends, and no longer.
    private async Task<int> RevokeUserAsync(string user, DisconnectCode code, long at)
    {
        _registry.Revocations.Add(new Revocation(RevocationKind.User, user, at));
        var count = await _registry.EndAsync(IsUsers, code, drop: true).ConfigureAwait(false);
        if (_registry.Revocations.UndatedOf(user) is { } undated)
        {
            try
            {
                await _shared.ShareAsync(undated).ConfigureAwait(false);
            }
            catch (BrokerUnavailableException)
            {
                // It is told with all others when they can be reached.
            }
        }

        return count;

        bool IsUsers(Identity identity)
        {
            if (identity.User != user)
            {
                return false;
            }

            if (identity.IssuedAt == 0)
            {
                // Before the connection ends: its client may come back at once.
                _registry.Revocations.Add(new Revocation(RevocationKind.Undated, user, Math.Min(identity.ExpiresAt, StreamPosition.LargestOffset)));
            }

            return true;
        }
    }

    private async ValueTask<int> EndConnectionAsync(string id, DisconnectCode code, bool revoke)
    {
        if (_directory.Find(id) is not { } connection)
        {
            return 0;
        }

        if (revoke)
        {
            return connection.Identity?.TokenId is { } token ? await TokenAsync(token, code, revoke: true).ConfigureAwait(false) : NoTokenId;
        }

        connection.Close(code);
        return 1;
    }
}
