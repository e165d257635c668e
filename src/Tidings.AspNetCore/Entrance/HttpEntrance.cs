using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Authentication;
using Tidings.AspNetCore.Origins;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Quotas;
using Tidings.Security.Identities;
using Tidings.Sessions;

namespace Tidings.AspNetCore.Entrance;

/// <summary>Takes requests in that are served as connections: where they come from, whether there is a place, who comes.</summary>
internal sealed class HttpEntrance(Edge tidings, ConnectRoute route)
{
    private const string SoonSeconds = "5";
    private const string SlowlySeconds = "30";

    /// <summary>Makes the connection of a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="settings">What holds for the connection.</param>
    /// <param name="counted">Whether it has one of the places of its address.</param>
    /// <param name="stream">Whether it is a stream to which browsers come back by themselves.</param>
    /// <param name="handler">What it is for; null for the channel protocol.</param>
    /// <returns>The connection, which has a place until it is closed or abandoned; null where the request was answered.</returns>
    public async ValueTask<Visit?> EnterAsync(HttpContext context, ConnectionSettings settings, bool counted, bool stream = false, ConnectionHandler? handler = null)
    {
        if (await IdentifyAsync(context, stream, stays: counted) is not { } who || await TakePlaceAsync(context, counted, who.Identity) is not { } address)
        {
            return null;
        }

        var lane = tidings.Node.Lanes.NextPool();
        var connection = new Connection(lane, settings, handler ?? tidings.Node.Channels, tidings.Node.Registry) { Address = address, HasPlace = counted };
        try
        {
            var (arrival, refusal) = await route.AdmitAsync(context, who.Identity);
            if (arrival is not null)
            {
                connection.Authentication = arrival.Identity is { } identity ? new ConnectionAuthentication(connection, identity) : null;
                if (counted && !await connection.TryCountUserAsync())
                {
                    connection.Abandon();
                    Note(context, DisconnectCode.TooManyConnections.Reason);
                    await RefuseAsync(context, DisconnectCode.TooManyConnections);
                    return null;
                }

                return new Visit(connection, lane, arrival, address);
            }

            connection.Abandon();
            await NoteAndRefuseAsync(context, refusal);
            return null;
        }
        catch
        {
            connection.Abandon();
            throw;
        }
    }

    /// <summary>The same for a session that begins by a command, which says who comes.</summary>
    public async ValueTask<Visit?> EnterPendingAsync(HttpContext context, ConnectionSettings settings, ConnectionHandler handler)
    {
        if (await IdentifyAsync(context, stream: false, stays: true) is not { } who || await TakePlaceAsync(context, counted: true, who.Identity) is not { } address)
        {
            return null;
        }

        var registry = tidings.Node.Registry;
        if (!registry.TryEnterPending())
        {
            registry.Leave(address, user: null);
            await AnswerAsync(context, Problems.Unavailable("Too many connections have not said yet who they are."), SoonSeconds);
            return null;
        }

        var lane = tidings.Node.Lanes.NextPool();
        var connection = new Connection(lane, settings, handler, registry) { Address = address };
        connection.Authentication = new ConnectionAuthentication(connection);
        try
        {
            (connection.Tag, var refusal) = await route.PrepareAsync(context, who.Identity, AuthenticationRule.Of(context, tidings.AuthenticationRule).Required);
            if (connection.Tag is not null)
            {
                return new Visit(connection, lane, new Arrival(), address);
            }

            connection.Abandon();
            await NoteAndRefuseAsync(context, refusal);
            return null;
        }
        catch
        {
            connection.Abandon();
            throw;
        }
    }

    /// <returns>Where the request comes from, which has a place; null where there was none, and the request was answered.</returns>
    private async ValueTask<AddressKey?> TakePlaceAsync(HttpContext context, bool counted, Identity? identity)
    {
        var address = AddressKey.From(context.Connection.RemoteIpAddress);
        if (counted && tidings.Node.Registry.Rates.RefuseQuestion(address, identity?.User) is { Refuses: true } rate)
        {
            tidings.Node.Registry.Metrics.RateLimited(RateLimitName.Subscribing);
            Note(context, "Streams and polls per second");
            await AnswerAsync(context, Problems.RateLimited(context, rate.RetryAfter, rate.SharedLimit));
            return null;
        }

        switch (tidings.Node.Registry.Enter(counted ? address : default, stays: counted))
        {
            case Admission.Admitted:
                return address;
            case Admission.NodeFull:
                Note(context, "No more connections");
                await AnswerAsync(context, Problems.Unavailable("This server takes no more connections now."), SoonSeconds);
                return null;
            default:
                Note(context, DisconnectCode.TooManyConnections.Reason);
                await AnswerAsync(context, Problems.Create(ErrorCode.TooMany, DisconnectCode.TooManyConnections.Reason + ".", RateLimitName.Ip), SlowlySeconds);
                return null;
        }
    }

    /// <summary>Lets somebody in who only asks once, without a connection.</summary>
    /// <returns>Who comes; null where the request was answered.</returns>
    public async ValueTask<Arrival?> AdmitAsync(HttpContext context)
    {
        if (await IdentifyAsync(context, stream: false, stays: false) is not { } who)
        {
            return null;
        }

        var (arrival, refusal) = await route.AdmitAsync(context, who.Identity);
        if (arrival is null)
        {
            await NoteAndRefuseAsync(context, refusal);
        }

        return arrival;
    }

    /// <returns>Who it is, or nobody; null where the request was answered.</returns>
    private async ValueTask<RequestIdentity?> IdentifyAsync(HttpContext context, bool stream, bool stays)
    {
        if (!tidings.Origins.Allows(context.Request))
        {
            await RefuseOriginAsync(context, byCookie: false);
            return null;
        }

        if (stays && tidings.Node.Registry.RefusesNewcomers())
        {
            await AnswerAsync(context, Problems.Unavailable("This server takes no more connections now."), SoonSeconds);
            return null;
        }

        var who = await tidings.Authentication.IdentifyAsync(context, AuthenticationRule.Of(context, tidings.AuthenticationRule).Methods, stream);
        if (who.ByCookie && !tidings.Origins.AllowsCookieToRead(context.Request))
        {
            await RefuseOriginAsync(context, byCookie: true);
            return null;
        }

        if (who.Refusal is { } refusal)
        {
            await NoteAndRefuseAsync(context, refusal, who.Why);
            return null;
        }

        return who;
    }

    /// <summary>Subscribes a reader. Where nothing can be read, the connection is abandoned and the request answered.</summary>
    public async ValueTask<bool> TryBeginAsync(HttpContext context, Visit visit, IReadOnlyList<SubscribeRequest> wishes)
    {
        try
        {
            if (await tidings.Node.Channels.BeginReadingAsync(visit.Connection, visit.Arrival, wishes) is not { } refusal)
            {
                return true;
            }

            visit.Connection.Abandon();
            if (refusal.Code == ErrorCode.Unavailable)
            {
                await RefuseAsync(context, DisconnectCode.Unavailable);
                return false;
            }

            await AnswerAsync(context, refusal.Code == ErrorCode.NotAllowed && visit.Arrival.Identity is null
                ? Problems.Create(ErrorCode.Unauthorized, "None of these channels may be read without a user.", refusal.Details)
                : Problems.Create(refusal.Code, "None of these channels may be read.", refusal.Details));
            return false;
        }
        catch (BrokerUnavailableException)
        {
            visit.Connection.Abandon();
            await RefuseAsync(context, DisconnectCode.Unavailable);
            return false;
        }
        catch
        {
            visit.Connection.Abandon();
            throw;
        }
    }

    private IReadOnlyList<FieldFault>? Note(HttpContext context, string reason, FieldFault? why = null) =>
        tidings.Node.Registry.Refusals.Add(reason, AddressKey.From(context.Connection.RemoteIpAddress), why);

    /// <summary>Answers in the place of a close code, and notes why for those who run the server.</summary>
    public Task NoteAndRefuseAsync(HttpContext context, DisconnectCode code, FieldFault? why = null) => RefuseAsync(context, code, Note(context, code.Reason, why));

    private Task RefuseOriginAsync(HttpContext context, bool byCookie) => AnswerAsync(context, Problems.Create(
        ErrorCode.NotAllowed, "This origin may not connect.", Note(context, "Origin", OriginPolicy.Explain(context.Request, byCookie))));

    /// <summary>Answers in the place of a close code.</summary>
    public static Task RefuseAsync(HttpContext context, DisconnectCode code, IReadOnlyList<FieldFault>? details = null) => CloseCodes.Of(code.Code).Status switch
    {
        StatusCodes.Status401Unauthorized => AnswerAsync(context, Problems.Create(ErrorCode.Unauthorized, code.Reason, details)),
        StatusCodes.Status429TooManyRequests => AnswerAsync(context, Problems.Create(ErrorCode.TooMany, code.Reason), SlowlySeconds),
        StatusCodes.Status500InternalServerError => AnswerAsync(context, Problems.Create(ErrorCode.Internal, code.Reason)),
        StatusCodes.Status503ServiceUnavailable => AnswerAsync(context, Problems.Unavailable(code.Reason), SoonSeconds),
        _ => AnswerAsync(context, Problems.Create(ErrorCode.NotAllowed, code.Reason, details)),
    };

    public static Task AnswerAsync(HttpContext context, IResult problem, string? retryAfterSeconds = null)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (retryAfterSeconds is not null)
        {
            context.Response.Headers.RetryAfter = retryAfterSeconds;
        }

        return problem.ExecuteAsync(context);
    }
}

/// <summary>A request that was let in.</summary>
/// <param name="Connection">Its connection, on <paramref name="Lane"/>.</param>
/// <param name="Lane">The lane.</param>
/// <param name="Arrival">Who comes.</param>
/// <param name="Address">Where from, whether it has a place of that address or not.</param>
internal sealed record Visit(Connection Connection, PoolLane Lane, Arrival Arrival, AddressKey Address);
