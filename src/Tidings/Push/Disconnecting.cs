using Tidings.Connections;
using Tidings.Protocol;

namespace Tidings.Push;

/// <summary>Ends connections on the server's word, and has them stay away where that is asked for. Safe from any thread.</summary>
internal sealed class Disconnecting(ConnectionRegistry registry, ConnectionDirectory directory)
{
    /// <summary>Ends all connections of a user, whichever route they belong to.</summary>
    /// <param name="user">The user.</param>
    /// <param name="code">What they are told.</param>
    /// <param name="revoke">Whether all tokens that the user has until now are refused from here on, and nothing that waits is sent any more.</param>
    /// <returns>How many connections there were.</returns>
    public Task<int> UserAsync(string user, DisconnectCode code, bool revoke)
    {
        if (revoke)
        {
            registry.Revocations.RevokeUser(user);
        }

        return registry.EndAsync(identity => identity.User == user, code, drop: revoke);
    }

    /// <summary>Ends all connections that one token let in; see <see cref="UserAsync"/>.</summary>
    public Task<int> TokenAsync(string tokenId, DisconnectCode code, bool revoke)
    {
        if (revoke)
        {
            registry.Revocations.RevokeToken(tokenId);
        }

        return registry.EndAsync(identity => identity.TokenId == tokenId, code, drop: revoke);
    }

    /// <summary>Ends the connection of that public id; with <paramref name="revoke"/>, all that its token let in.</summary>
    /// <returns>How many connections there were; null where a token is to be revoked that has no id.</returns>
    public async Task<int?> ConnectionAsync(string id, DisconnectCode code, bool revoke)
    {
        if (directory.Find(id) is not { } connection)
        {
            return 0;
        }

        if (revoke)
        {
            return connection.Identity?.TokenId is { } token ? await TokenAsync(token, code, revoke: true).ConfigureAwait(false) : null;
        }

        connection.Close(code);
        return 1;
    }

    /// <summary>Ends all connections of a user, or the one of that public id where there is no such user.</summary>
    public async Task<int> UserOrConnectionAsync(string name, DisconnectCode code, bool revoke)
    {
        var count = await UserAsync(name, code, revoke).ConfigureAwait(false);
        return count > 0 ? count : await ConnectionAsync(name, code, revoke: false).ConfigureAwait(false) ?? 0;
    }
}
