using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Protocol;
using Tidings.Quotas;
using Tidings.Rules;
using Tidings.Security.Identities;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Streams;

/// <summary>Who may read and write streams.</summary>
internal sealed class StreamAccess(Edge tidings, HttpEntrance entrance)
{
    /// <summary>Lets somebody write.</summary>
    /// <returns>Whose share it counts against; or the answer, which is null where it was given already.</returns>
    public async ValueTask<(Sender? Writer, IResult? Refusal)> AdmitWriterAsync(HttpContext context, StreamPath path)
    {
        if (tidings.ApiAccess.TryAdmit(context.Request, out var limited))
        {
            return (limited is null ? Sender.Server : null, limited);
        }

        if (await entrance.AdmitAsync(context) is not { } arrival)
        {
            return default;
        }

        if (!MayWrite(path.Channel, arrival.Identity))
        {
            return (null, arrival.Identity is null && tidings.ApiAccess.Refuse(context.Request, out _) is { } refusal
                ? refusal
                : Problems.Create(ErrorCode.NotAllowed, $"This user may not publish in the channel {path.Channel}, which stands for this stream."));
        }

        var address = AddressKey.From(context.Connection.RemoteIpAddress);
        if (tidings.Node.Registry.Rates.RefusePostedMessage(address, arrival.Identity?.User) is { Refuses: true } rate)
        {
            return (null, Problems.RateLimited(context, rate.RetryAfter, rate.SharedLimit));
        }

        return (Sender.Of(arrival.Identity?.User, address), null);
    }

    /// <summary>Lets somebody read who asks once.</summary>
    /// <returns>False where the request was answered.</returns>
    public async ValueTask<bool> AdmitReaderAsync(HttpContext context, StreamPath path) =>
        tidings.ApiAccess.IsShown(context.Request)
        || (await entrance.AdmitAsync(context) is { } arrival && await JudgeReaderAsync(context, path, new ChannelPeer("", arrival.Identity?.User) { Principal = arrival.Identity?.Principal }, arrival.Identity));

    /// <summary>Whether somebody who came in may read.</summary>
    /// <returns>False where the request was answered.</returns>
    public async ValueTask<bool> JudgeReaderAsync(HttpContext context, StreamPath path, ChannelPeer peer, Identity? identity)
    {
        if (tidings.ApiAccess.IsShown(context.Request))
        {
            return true;
        }

        DisconnectCode? refusal;
        if (path.IsOutput)
        {
            refusal = TaskOutputs.IdOf(path.Name) is { } id && TaskId.IsValid(id) ? await tidings.Node.Tasks.Handler.JudgeAsync(peer, identity, id) : DisconnectCode.Forbidden;
        }
        else
        {
            var kind = tidings.Node.Kinds.Find(path.Channel);
            refusal = !Permissions.MaySubscribe(kind, path.Channel, identity) || !Permissions.MayReadHistory(kind, path.Channel, identity)
                ? identity is null ? DisconnectCode.Unauthorized : DisconnectCode.Forbidden
                : kind.OnSubscribe is { } handler && (await handler.OnSubscribeAsync(peer, path.Channel, context.RequestAborted)).Refusal is not null ? DisconnectCode.Forbidden : null;
        }

        if (refusal is { } code)
        {
            await entrance.NoteAndRefuseAsync(context, code);
        }

        return refusal is null;
    }

    // A kind for channels of any name says nothing of streams; a token is asked by the channel's name.
    private bool MayWrite(string channel, Identity? who)
    {
        var kind = tidings.Node.Kinds.Find(channel);
        return (who?.Grants is not null || StreamPath.IsMeantBy(kind.Pattern.Text)) && Permissions.MayPublish(kind, channel, who);
    }
}
