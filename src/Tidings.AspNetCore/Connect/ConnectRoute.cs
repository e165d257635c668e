using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Authentication;
using Tidings.AspNetCore.Hosting;
using Tidings.Channels;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Push;

namespace Tidings.AspNetCore.Connect;

/// <summary>Takes connections of the channel protocol in: who comes, and which channels the server subscribes him to.</summary>
internal sealed class ConnectRoute(TidingsServices tidings)
{
    /// <summary>What makes a connection a session: it may run after the request, unless a hook is asked, which is told of the request.</summary>
    public Func<Connection, ValueTask<DisconnectCode?>> Join(HttpContext context) =>
        tidings.ConnectHook is null
            ? connection => BeginAsync(connection, new Arrival())
            : connection => AskAndBeginAsync(context, connection);

    private async ValueTask<DisconnectCode?> AskAndBeginAsync(HttpContext context, Connection connection)
    {
        var (arrival, refusal) = await tidings.ConnectHook!.AskAsync(context, connection);
        if (arrival is null)
        {
            return refusal;
        }

        return connection.Identity is null && AuthenticationRule.Of(context, tidings.AuthenticationRule).Required
            ? DisconnectCode.Unauthorized
            : await BeginAsync(connection, arrival);
    }

    private async ValueTask<DisconnectCode?> BeginAsync(Connection connection, Arrival arrival)
    {
        await tidings.Channels.BeginAsync(connection, arrival with { Channels = ChannelsOf(connection.Identity?.User, arrival.Channels) }).ConfigureAwait(false);
        return null;
    }

    private static List<string> ChannelsOf(string? user, IReadOnlyList<string> more)
    {
        List<string> channels = [ServerActions.Everybody];
        if (user is not null && ChannelName.OfUser(user) is { } own)
        {
            channels.Add(own);
        }

        channels.AddRange(more.Except(channels).Distinct());
        return channels;
    }
}
