using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Hosting;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Push;

namespace Tidings.AspNetCore.Connect;

/// <summary>Takes connections of the channel protocol in: who comes, and which channels the server subscribes him to.</summary>
internal sealed class ConnectRoute(TidingsServices tidings)
{
    private const string UserPrefix = "user:";

    /// <summary>Who comes, over whatever transport: the one place where that is asked.</summary>
    /// <returns>Who comes, with the channels that the server has for him; or null and why he may not.</returns>
    public async ValueTask<(Arrival? Arrival, DisconnectCode Refusal)> AdmitAsync(HttpContext context)
    {
        var arrival = new Arrival
        {
            User = UserId.Of(context.User),
            Principal = tidings.KeepsPrincipals && context.User.Identity is { IsAuthenticated: true } ? context.User : null,
        };
        if (tidings.ConnectHook is { } hook)
        {
            var (admitted, refusal) = await hook.AskAsync(context, arrival);
            if (admitted is null)
            {
                return (null, refusal);
            }

            arrival = admitted;
        }

        return arrival.User is { } user && !UserId.IsValid(user)
            ? (null, DisconnectCode.Forbidden)
            : (arrival with { Channels = ChannelsOf(arrival) }, default);
    }

    /// <returns>Why the WebSocket is refused, or null.</returns>
    public async ValueTask<DisconnectCode?> JoinAsync(HttpContext context, Connection connection)
    {
        var (arrival, refusal) = await AdmitAsync(context);
        if (arrival is null)
        {
            return refusal;
        }

        await tidings.Channels.BeginAsync(connection, arrival);
        return null;
    }

    private static List<string> ChannelsOf(Arrival arrival)
    {
        List<string> channels = [ServerActions.Everybody];
        if (arrival.User is { } user && ChannelName.IsValid(UserPrefix + user))
        {
            channels.Add(UserPrefix + user);
        }

        channels.AddRange(arrival.Channels.Except(channels).Distinct());
        return channels;
    }
}
