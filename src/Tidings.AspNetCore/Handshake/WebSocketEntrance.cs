using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tidings.AspNetCore.Authentication;
using Tidings.AspNetCore.Kestrel;
using Tidings.AspNetCore.Origins;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Compression;
using Tidings.Quotas;
using Tidings.Security.Identities;

namespace Tidings.AspNetCore.Handshake;

/// <summary>Takes WebSocket requests of all routes in.</summary>
internal sealed partial class WebSocketEntrance(
    ConnectionRegistry registry, LaneSet lanes, OriginPolicy origins, RequestAuthenticator authenticator, AuthenticationRule rule, EntranceGuards guards)
{
    // How long a peer that is refused has to take note before the socket goes.
    private static readonly TimeSpan RefusalLinger = TimeSpan.FromSeconds(1);

    private const string RetryAfterSeconds = "5";

    // How many may take note at once: they count against no other limit.
    private const int MostRefusals = 256;

    private int _refusals;

    public async Task EnterAsync(HttpContext context, WebSocketRoute route)
    {
        if (await CheckAsync(context) is not { } deflate)
        {
            return;
        }

        if (route.Check(context) is { } fault)
        {
            await WebSocketHandshake.AnswerAsync(context, StatusCodes.Status400BadRequest, fault + "\n");
            return;
        }

        if (route.Refuses?.Invoke(context) is { } own)
        {
            await RefuseVisiblyAsync(context, route, own, isOwn: true);
            return;
        }

        var asked = AuthenticationRule.Of(context, rule);
        var who = await authenticator.IdentifyAsync(context, asked.Methods);

        // Nobody yet, where the first message is to say who comes.
        var opens = route.Prepare is not null;
        var unknown = !opens && asked.Required && who.Identity is null && !route.IdentifiesByItself;
        var pending = opens || (unknown && route.TakesFirstMessage && authenticator.TakesTokens && asked.Methods.HasFlag(AuthenticationMethods.FirstMessage));
        if (who.ByCookie && !origins.AllowsCookie(context.Request))
        {
            await RefuseOriginAsync(context, byCookie: true);
        }
        else if (who.Refusal is { } told)
        {
            await RefuseVisiblyAsync(context, route, told, who.Why);
        }
        else if (unknown && !pending)
        {
            await RefuseVisiblyAsync(context, route, DisconnectCode.Unauthorized, new FieldFault("token", TokenReason.Missing));
        }
        else if (pending && !registry.TryEnterPending())
        {
            await RefuseByStatusAsync(context);
        }
        else
        {
            await AdmitAsync(context, route, deflate, who.Identity, pending, asked.Required);
        }
    }

    private async Task AdmitAsync(HttpContext context, WebSocketRoute route, DeflateNegotiation deflate, Identity? identity, bool pending, bool required)
    {
        var address = route.Counted ? AddressKey.From(context.Connection.RemoteIpAddress) : default;
        switch (registry.Enter(address, route.Counted))
        {
            case Admission.NodeFull:
                LeavePending(pending);
                await RefuseByStatusAsync(context);
                break;
            case Admission.AddressFull:
                LeavePending(pending);
                await RefuseVisiblyAsync(context, route, DisconnectCode.TooManyConnections);
                break;
            default:
                await ConnectAsync(context, route, address, deflate, identity, pending, required);
                break;
        }
    }

    /// <summary>Judges what is the same for every WebSocket request: its form, where it comes from, the extensions it offers.</summary>
    /// <returns>What was agreed on; null where the request was answered, and nothing more is to be done.</returns>
    public async ValueTask<DeflateNegotiation?> CheckAsync(HttpContext context)
    {
        if (await WebSocketHandshake.RefuseMalformedAsync(context))
        {
            return null;
        }

        if (registry.RefusesNewcomers())
        {
            await RefuseByStatusAsync(context);
            return null;
        }

        guards.Forwarding.Look(context);
        if (await RefuseHandshakeAsync(context))
        {
            return null;
        }

        var byCookie = OriginPolicy.IsKnownByCookie(context.Request);
        if (!origins.Allows(context.Request) || (byCookie && !origins.AllowsCookie(context.Request)))
        {
            await RefuseOriginAsync(context, byCookie);
            return null;
        }

        var deflate = guards.Compress ? DeflateNegotiation.Accept(context.Request.Headers.SecWebSocketExtensions.ToArray()) : default;
        if (deflate.Malformed)
        {
            await WebSocketHandshake.AnswerAsync(context, StatusCodes.Status400BadRequest, "Sec-WebSocket-Extensions is malformed.\n");
            return null;
        }

        return deflate;
    }

    /// <summary>Takes a place for a connection of the application's own.</summary>
    /// <param name="context">The request.</param>
    /// <param name="address">Where it comes from.</param>
    /// <returns>False where there is none left, and the request was answered.</returns>
    public async ValueTask<bool> TryEnterAsync(HttpContext context, AddressKey address)
    {
        switch (registry.Enter(address))
        {
            case Admission.Admitted:
                return true;
            case Admission.NodeFull:
                await RefuseByStatusAsync(context);
                return false;
            default:
                await RefuseVisiblyAsync(context, route: null, DisconnectCode.TooManyConnections);
                return false;
        }
    }

    /// <summary>The connection under the request, where its lane can have it back: only a socket whose bytes the application sees as
    /// they are, and only its first request.</summary>
    public static IDetachableConnection? Detachable(HttpContext context) =>
        context.Features.Get<IDetachableConnection>() is { IsIntact: true } connection
        && context.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true }
            ? connection
            : null;

    private void LeavePending(bool pending)
    {
        if (pending)
        {
            registry.LeavePending();
        }
    }

    // A client that has received the 101 is in: the connection joins before its handshake is answered, and queues until it is attached.
    private async Task ConnectAsync(HttpContext context, WebSocketRoute route, AddressKey address, DeflateNegotiation deflate, Identity? identity, bool pending, bool required)
    {
        var detachable = Detachable(context);
        var pool = lanes.NextPool();
        var connection = new Connection(detachable?.Lane ?? (Lane)pool, route.SettingsFor(context), route.Handler, registry, deflate.Terms) { Address = address };
        connection.Authentication = identity is not null || pending ? new ConnectionAuthentication(connection, route.Prepare is null ? identity : null) : null;
        var join = route.Join(context);
        DisconnectCode? refusal = null;
        try
        {
            if (route.Prepare is { } prepare)
            {
                (connection.Tag, var why) = await prepare(context, identity, required);
                refusal = connection.Tag is null ? why : null;
            }
            else if (pending)
            {
                connection.Tag = new PendingJoin(join);
            }
            else
            {
                refusal = route.Counted ? await JoinAsync(connection, join) : await join(connection);
            }
        }
        catch (BrokerUnavailableException)
        {
            connection.Abandon();
            await RefuseVisiblyAsync(context, route, DisconnectCode.Unavailable);
            return;
        }
        catch
        {
            connection.Abandon();
            throw;
        }

        if (refusal is { } told)
        {
            var why = connection.Tag as FieldFault;
            connection.Abandon();
            await RefuseVisiblyAsync(context, route, told, why);
            return;
        }

        WebSocketHandshake.ChooseSubprotocol(context, route.Subprotocols);
        Stream stream;
        try
        {
            stream = await WebSocketHandshake.AcceptAsync(context, deflate.Answer);
        }
        catch
        {
            connection.Abandon();
            throw;
        }

        if (detachable is not null)
        {
            detachable.Give(connection);
            return;
        }

        using var wire = new StreamWire(stream, pool, context.Abort);
        connection.Attach(wire);
        await wire.Completion;
    }

    // A hook may name the user while it joins.
    private static async ValueTask<DisconnectCode?> JoinAsync(Connection connection, Func<Connection, ValueTask<DisconnectCode?>> join)
    {
        var refusal = await connection.TryCountUserAsync() ? await join(connection) : DisconnectCode.TooManyConnections;
        return refusal ?? (await connection.TryCountUserAsync() ? null : DisconnectCode.TooManyConnections);
    }
}
