using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Tidings.AspNetCore.Handshake;

/// <summary>The opening handshake (RFC 6455 §4.2, and RFC 8441 for HTTP/2).</summary>
internal static class WebSocketHandshake
{
    private const string Version = "13";

    private const string Help = """
        This is a WebSocket address.
        In a browser: new WebSocket("ws://host/path")
        In Python: async with websockets.connect("ws://host/path") as ws: ...

        """;

    /// <summary>Answers a request that is no handshake, or a wrong one.</summary>
    /// <returns>True where the request was answered, and nothing more is to be done.</returns>
    public static async ValueTask<bool> RefuseMalformedAsync(HttpContext context)
    {
        var request = context.Request;
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            if (string.Equals(connect.Protocol, "websocket", StringComparison.OrdinalIgnoreCase) && HasVersion(request))
            {
                return false;
            }

            return await AnswerAsync(context, StatusCodes.Status400BadRequest, "The protocol of an extended CONNECT must be websocket, version 13.\n");
        }

        // RFC 6455 §4.2.1: HTTP/1.1 or higher. The web server upgrades HTTP/1.0 too.
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true }
            || HttpProtocol.IsHttp10(request.Protocol)
            || !HasToken(request.Headers.Upgrade, "websocket"))
        {
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.Connection = "Upgrade";
            return await AnswerAsync(context, StatusCodes.Status426UpgradeRequired, Help);
        }

        if (!HasVersion(request))
        {
            context.Response.Headers.SecWebSocketVersion = Version;
            return await AnswerAsync(context, StatusCodes.Status426UpgradeRequired, "Sec-WebSocket-Version must be 13.\n");
        }

        return !HasKey(request)
            && await AnswerAsync(context, StatusCodes.Status400BadRequest, "Sec-WebSocket-Key must be the base64 of 16 bytes, once.\n");
    }

    /// <summary>Answers 101, or 200 on HTTP/2, and returns the stream of what follows.</summary>
    /// <param name="context">The request.</param>
    /// <param name="extensions">The extensions agreed on, or null.</param>
    public static async Task<Stream> AcceptAsync(HttpContext context, string? extensions = null)
    {
        var headers = context.Response.Headers;
        if (extensions is not null)
        {
            headers.SecWebSocketExtensions = extensions;
        }

        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            return await connect.AcceptAsync();
        }

        headers.Upgrade = "websocket";
        headers.Connection = "Upgrade";
        headers.SecWebSocketAccept = AcceptKey(context.Request.Headers.SecWebSocketKey.ToString());
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    /// <summary>Agrees to the first of several subprotocols that the client has offered.</summary>
    public static void ChooseSubprotocol(HttpContext context, IReadOnlyList<string> subprotocols)
    {
        for (var i = 0; i < subprotocols.Count && !TryChooseSubprotocol(context, subprotocols[i]); i++)
        {
        }
    }

    /// <summary>Whether the client offers a subprotocol.</summary>
    public static bool Offers(HttpContext context, string subprotocol)
    {
        foreach (var header in context.Request.Headers.SecWebSocketProtocol)
        {
            foreach (var range in header.AsSpan().Split(','))
            {
                if (header.AsSpan(range).Trim().SequenceEqual(subprotocol))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Agrees to a subprotocol where the client has offered it: to agree to another, or to none of those it offered, would be
    /// an answer that browsers refuse (RFC 6455 §4.2.2).</summary>
    /// <returns>Whether it was offered.</returns>
    public static bool TryChooseSubprotocol(HttpContext context, string subprotocol)
    {
        if (!Offers(context, subprotocol))
        {
            return false;
        }

        context.Response.Headers.SecWebSocketProtocol = subprotocol;
        return true;
    }

    /// <summary>Answers with a status and a text.</summary>
    public static async ValueTask<bool> AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text);
        return true;
    }

    private static bool HasVersion(HttpRequest request) => request.Headers.SecWebSocketVersion == Version;

    private static bool HasKey(HttpRequest request)
    {
        Span<byte> key = stackalloc byte[18];
        return request.Headers.SecWebSocketKey is { Count: 1 } value
            && value[0] is { Length: 24 } text
            && Convert.TryFromBase64Chars(text, key, out var length)
            && length == 16;
    }

    private static bool HasToken(StringValues values, string token)
    {
        foreach (var value in values)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                if (value.AsSpan(range).Trim().Equals(token, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // RFC 6455 §4.2.2 (5.4)
    private static string AcceptKey(string key)
    {
        Span<byte> text = stackalloc byte[24 + 36];
        Encoding.ASCII.GetBytes(key, text);
        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8.CopyTo(text[24..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The RFC asks for SHA-1, which protects nothing here.
        SHA1.HashData(text, hash);
#pragma warning restore CA5350
        return Convert.ToBase64String(hash);
    }
}
