using System.Net;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Origins;

namespace Tidings.AspNetCore.Keys;

/// <summary>Tells a request from a program on this machine from one that only looks so: through a proxy, or from a page of another origin.</summary>
internal static class DirectLocal
{
    private static readonly string[] ForwardingHeaders = ["Forwarded", "X-Real-IP", "Via"];

    /// <summary>Notes whether the request was forwarded, for when the headers that say so have been read and taken out.</summary>
    public static void NoteForwarded(HttpContext context)
    {
        if (IsForwarded(context.Request.Headers))
        {
            context.Features.Set(new Forwarded());
        }
    }

    public static bool Is(HttpRequest request) =>
        IsLoopback(request.HttpContext.Connection.RemoteIpAddress)
        && OwnHosts.IsLoopback(request.Host.Host)
        && request.HttpContext.Features.Get<Forwarded>() is null
        && !IsForwarded(request.Headers)
        && IsOwnOrigin(request)
        && (!HasBody(request) || request.HasJsonContentType() || TakesAnyBody(request));

    // A page of another origin can send such bodies without asking, but not without saying where it comes from.
    private static bool TakesAnyBody(HttpRequest request) =>
        request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<TakesAnyBody>() is not null
        && request.Headers["Sec-Fetch-Site"] is [] or ["same-origin" or "none"];

    private static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address);

    private static bool IsForwarded(IHeaderDictionary headers) =>
        Array.Exists(ForwardingHeaders, headers.ContainsKey)
        || headers.Keys.Any(static name => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("X-Original-", StringComparison.OrdinalIgnoreCase));

    private static bool IsOwnOrigin(HttpRequest request) =>
        request.Headers.Origin.Count == 0
        || (request.Headers.Origin is { Count: 1 } origin && OriginPolicy.IsOwn(request, origin[0]!));

    private static bool HasBody(HttpRequest request) =>
        request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0 || request.ContentType is not null;

    private sealed class Forwarded;
}
