using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Authentication;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Services;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Security.Identities;
using Tidings.Sessions;

namespace Tidings.AspNetCore.Entrance;

/// <summary>Takes connections of the channel protocol in: what a hook says of a client, and which channels the server subscribes.</summary>
internal sealed class ConnectRoute(Edge tidings, ChannelHandler channels)
{
    /// <summary>Refuses a handshake by what it says, in the dialect's own numbers; or null.</summary>
    public Func<HttpContext, DisconnectCode?>? Refuses { get; init; }

    /// <summary>Whether the server subscribes newcomers to <c>all</c> and to their own channel.</summary>
    public bool HasOwnChannels { get; init; } = true;

    /// <summary>The route of WebSockets.</summary>
    public WebSocketRoute WebSockets(LiveSettings settings) => new(settings, channels) { Join = Join, IdentifiesByItself = tidings.ConnectHook is not null, Refuses = Refuses, Prepare = channels.OpensByCommand ? PrepareAsync : null };

    /// <summary>Lets somebody in whose session begins by a command. A hook is asked now, while there is a request.</summary>
    /// <returns>The session that is to begin; or null and the reason for refusing.</returns>
    public async ValueTask<(object? Pending, DisconnectCode Refusal)> PrepareAsync(HttpContext context, Identity? identity, bool required)
    {
        if (tidings.ConnectHook is null)
        {
            return (new PendingSession(ArrivalOf, identity, required), default);
        }

        var (arrival, refusal) = await tidings.ConnectHook.AskAsync(context, ArrivalOf(identity), channels.NewId());
        return arrival is null ? (null, refusal)
            : (new PendingSession(who => arrival with { Identity = who, Channels = ChannelsOf(who?.User, arrival.Channels) }, arrival.Identity, required), default);
    }

    /// <summary>What makes a WebSocket a session: it may run after the request, unless a hook is asked, which is told of the request.</summary>
    private Func<Connection, ValueTask<DisconnectCode?>> Join(HttpContext context) => tidings.ConnectHook is null ? connection => BeginAsync(connection, ArrivalOf(connection.Identity))
        : async connection =>
        {
            var (arrival, refusal) = await AdmitAsync(context, connection.Identity);
            if (arrival is null)
            {
                return refusal;
            }

            if (arrival.Identity is { } identity && identity != connection.Identity)
            {
                connection.Authentication = new ConnectionAuthentication(connection, identity);
                if (!await connection.TryCountUserAsync())
                {
                    return DisconnectCode.TooManyConnections;
                }
            }

            return await BeginAsync(connection, arrival);
        };

    /// <summary>Lets somebody in whom a request has named, or the hook names, over whatever transport.</summary>
    /// <returns>Who arrives, with the channels that the server subscribes; or null and the reason for refusing.</returns>
    public async ValueTask<(Arrival? Arrival, DisconnectCode Refusal)> AdmitAsync(HttpContext context, Identity? identity)
    {
        var arrival = ArrivalOf(identity);
        if (tidings.ConnectHook is { } hook)
        {
            var (admitted, refusal) = await hook.AskAsync(context, arrival, channels.NewId());
            if (admitted is null)
            {
                return (null, refusal);
            }

            arrival = admitted with { Channels = ChannelsOf(admitted.Identity?.User, admitted.Channels) };
        }

        return arrival.Identity is null && AuthenticationRule.Of(context, tidings.AuthenticationRule).Required
            ? (null, DisconnectCode.Unauthorized)
            : (arrival, default);
    }

    private async ValueTask<DisconnectCode?> BeginAsync(Connection connection, Arrival arrival)
    {
        await channels.BeginAsync(connection, arrival).ConfigureAwait(false);
        return null;
    }

    private Arrival ArrivalOf(Identity? identity) => new() { Identity = identity, Channels = ChannelsOf(identity?.User, []) };

    private List<string> ChannelsOf(string? user, IReadOnlyList<string> more)
    {
        List<string> subscribed = HasOwnChannels ? [ChannelName.Everybody] : [];
        if (HasOwnChannels && user is not null && ChannelName.OfUser(user) is { } own)
        {
            subscribed.Add(own);
        }

        subscribed.AddRange(more.Except(subscribed).Distinct());
        return subscribed;
    }
}
