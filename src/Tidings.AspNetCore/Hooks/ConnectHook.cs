using System.Text;
using Microsoft.AspNetCore.Http;
using Tidings.Protocol;
using Tidings.Security.Identities;
using Tidings.Sessions;

namespace Tidings.AspNetCore.Hooks;

/// <summary>The hook that says who may connect, and as whom.</summary>
/// <param name="client">Asks.</param>
/// <param name="url">The hook.</param>
/// <param name="refresh">The hook that is asked when its answer holds no longer; null where there is none.</param>
/// <param name="now">The broker's clock, in Unix milliseconds.</param>
internal sealed class ConnectHook(HookClient client, Uri url, Uri? refresh, Func<long> now)
{
    // What a back end needs to know a user by; cookies and tokens go to it alone, and to no log.
    private static readonly string[] Headers = ["Authorization", "Cookie", "Origin", "User-Agent", "Accept-Language"];

    /// <param name="context">The request.</param>
    /// <param name="arrival">Who it says to be.</param>
    /// <param name="id">The connection's public id.</param>
    /// <returns>Who comes; or null and why the connection is refused.</returns>
    public async ValueTask<(Arrival? Arrival, DisconnectCode Refusal)> AskAsync(HttpContext context, Arrival arrival, string id)
    {
        var answer = await client.AskAsync(url, HookSchema.Connect, Event(context, id, arrival.Identity?.User), CancellationToken.None);
        if (answer is null)
        {
            return (null, DisconnectCode.Unavailable);
        }

        if (answer.Refuses)
        {
            return (null, Refusal(answer));
        }

        var identity = answer.User is { } named && named != arrival.Identity?.User
            ? new Identity { User = named, IssuedAt = now(), IssuedHere = true }
            : arrival.Identity;
        if (answer.Expires is { } seconds && identity is not null)
        {
            // What a token says holds besides.
            identity = identity.Until(Math.Min(identity.ExpiresAt, now() + (seconds * 1000L)), refresh is null ? null : new HookRenewal(client, refresh, id, seconds, now));
        }

        return (arrival with { Connection = id, Identity = identity, Info = answer.Info ?? arrival.Info, Channels = answer.Channels }, default);
    }

    // Of the codes, those that say something about identity and permission, and the application's own.
    public static DisconnectCode Refusal(HookAnswer answer)
    {
        var code = answer.CloseCode is 4001 or 4003 or (>= 4200 and <= 4999) ? (ushort)answer.CloseCode.Value : DisconnectCode.Forbidden.Code;
        var reason = answer.Reason ?? (code == 4001 ? "Unauthorized" : DisconnectCode.Forbidden.Reason);
        return new DisconnectCode(code, Encoding.UTF8.GetByteCount(reason) <= DisconnectCode.LongestReason ? reason : DisconnectCode.Forbidden.Reason);
    }

    private static byte[] Event(HttpContext context, string id, string? user)
    {
        var frame = HookEvent.Begin("connect", id, user);
        frame.Writer.WriteString("address"u8, context.Connection.RemoteIpAddress?.ToString());
        frame.Writer.WriteString("path"u8, context.Request.Path.Value);
        frame.Writer.WriteString("query"u8, context.Request.QueryString.Value);
        frame.Writer.WriteStartObject("headers"u8);
        foreach (var name in Headers)
        {
            if (context.Request.Headers.TryGetValue(name, out var values))
            {
                frame.Writer.WriteString(name.ToLowerInvariant(), values.ToString());
            }
        }

        frame.Writer.WriteEndObject();
        return frame.EndJson().ToArray();
    }
}
