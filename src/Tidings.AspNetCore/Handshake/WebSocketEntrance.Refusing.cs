using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Origins;
using Tidings.AspNetCore.Responses;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Frames;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Handshake;

/// <content>How those are told who may not come in.</content>
internal sealed partial class WebSocketEntrance
{
    // Browsers show scripts nothing of a refused handshake: it is completed, and closed with the code and the reason, in the numbers of the route's protocol.
    private async Task RefuseVisiblyAsync(HttpContext context, WebSocketRoute? route, DisconnectCode code, FieldFault? why = null, bool isOwn = false)
    {
        var details = Note(context, code.Reason, why);
        if (Interlocked.Increment(ref _refusals) > MostRefusals)
        {
            Interlocked.Decrement(ref _refusals);
            await AnswerBusyAsync(context);
            return;
        }

        try
        {
            var told = details is null ? null : route is null ? ConnectionHandler.Refusal(code, details) : route.Handler.OnRefused(code, details);
            await CloseVisiblyAsync(context, route is null || isOwn ? code : route.Handler.CloseCode(code), told, route?.Subprotocols ?? WebSocketRoute.DefaultSubprotocols);
        }
        finally
        {
            Interlocked.Decrement(ref _refusals);
        }
    }

    // The address goes first: one that opens too many takes nothing of what the others may.
    private async ValueTask<bool> RefuseHandshakeAsync(HttpContext context)
    {
        var address = AddressKey.From(context.Connection.RemoteIpAddress);
        if (registry.Rates.RefuseHandshake(address) is var wait and > 0)
        {
            registry.NoteAddressFull(address, "Tidings:Limits:HandshakesPerSecondPerIp");
            await RefuseAsync("This address opens more handshakes a second than it may (Tidings:Limits:HandshakesPerSecondPerIp).\n");
            return true;
        }

        if ((wait = guards.Handshakes.TryTake()) > 0)
        {
            await RefuseAsync("This server takes no more handshakes in this second.\n");
            return true;
        }

        return false;

        async Task RefuseAsync(string text)
        {
            registry.Metrics.Refused("handshakes");
            Note(context, "Handshakes per second");
            context.Response.Headers.RetryAfter = RetryAfter.Seconds(wait);
            await WebSocketHandshake.AnswerAsync(context, StatusCodes.Status429TooManyRequests, text);
        }
    }

    private async ValueTask RefuseOriginAsync(HttpContext context, bool byCookie)
    {
        var details = Note(context, "Origin", OriginPolicy.Explain(context.Request, byCookie));
        await WebSocketHandshake.AnswerAsync(context, StatusCodes.Status403Forbidden, $"This origin may not connect.\n{(details is [var why] ? why.Message + "\n" : "")}");
    }

    private Task RefuseByStatusAsync(HttpContext context)
    {
        Note(context, "No more connections");
        return AnswerBusyAsync(context);
    }

    private IReadOnlyList<FieldFault>? Note(HttpContext context, string reason, FieldFault? why = null) =>
        registry.Refusals.Add(reason, AddressKey.From(context.Connection.RemoteIpAddress), why);

    private static async Task AnswerBusyAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        await WebSocketHandshake.AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "This server takes no more connections now.\n");
    }

    // What a script may know besides comes before the close, which has room for little.
    private async Task CloseVisiblyAsync(HttpContext context, DisconnectCode code, byte[]? told, IReadOnlyList<string> subprotocols)
    {
        WebSocketHandshake.ChooseSubprotocol(context, subprotocols);
        var stream = await WebSocketHandshake.AcceptAsync(context);
        using var limit = new CancellationTokenSource(RefusalLinger, registry.Time);
        using var linger = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, limit.Token);
        try
        {
            if (told is not null)
            {
                await stream.WriteAsync(told, linger.Token);
            }

            await stream.WriteAsync(Frame.Close(code), linger.Token);
            await AwaitCloseAsync(stream, linger.Token);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
        }
    }

    // The peer waits for TCP to end once it has answered the close frame (RFC 6455 §7.1.1).
    private static async Task AwaitCloseAsync(Stream stream, CancellationToken cancellationToken)
    {
        var reader = new FrameReader(fromClient: true, allowCompressed: false);
        var buffer = new byte[2 * FrameReader.ControlPayload];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0 && !HoldsEnd(ref reader, buffer.AsSpan(0, read)))
        {
        }
    }

    private static bool HoldsEnd(ref FrameReader reader, Span<byte> input)
    {
        while (true)
        {
            switch (reader.Read(ref input))
            {
                case { Kind: FrameEventKind.NeedMore }:
                    return false;
                case { Kind: FrameEventKind.Error } or { Kind: FrameEventKind.Control, Opcode: Opcode.Close }:
                    return true;
            }
        }
    }
}
