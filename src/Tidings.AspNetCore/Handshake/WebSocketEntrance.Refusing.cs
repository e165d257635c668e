using Microsoft.AspNetCore.Http;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.AspNetCore.Handshake;

/// <content>How those are told who may not come in.</content>
internal sealed partial class WebSocketEntrance
{
    // Browsers show scripts nothing of a refused handshake: it is completed, and closed with the code and the reason.
    private async Task RefuseVisiblyAsync(HttpContext context, DisconnectCode code)
    {
        Note(context, code.Reason);
        if (Interlocked.Increment(ref _refusals) > MostRefusals)
        {
            Interlocked.Decrement(ref _refusals);
            await AnswerBusyAsync(context);
            return;
        }

        try
        {
            await CloseVisiblyAsync(context, code);
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

    private async ValueTask RefuseOriginAsync(HttpContext context)
    {
        Note(context, "Origin");
        await WebSocketHandshake.AnswerAsync(context, StatusCodes.Status403Forbidden, "This origin may not connect.\n");
    }

    private Task RefuseByStatusAsync(HttpContext context)
    {
        Note(context, "No more connections");
        return AnswerBusyAsync(context);
    }

    private void Note(HttpContext context, string reason) => registry.Refusals.Add(reason, AddressKey.From(context.Connection.RemoteIpAddress));

    private static async Task AnswerBusyAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        await WebSocketHandshake.AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "This server takes no more connections now.\n");
    }

    private static async Task CloseVisiblyAsync(HttpContext context, DisconnectCode code)
    {
        WebSocketHandshake.TryChooseSubprotocol(context, ProtocolVersion.Subprotocol);
        var stream = await WebSocketHandshake.AcceptAsync(context);
        using var linger = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        linger.CancelAfter(RefusalLinger);
        try
        {
            await stream.WriteAsync(Frame.Close(code), linger.Token);
            var answer = new byte[FrameReader.ControlPayload];
            while (await stream.ReadAsync(answer, linger.Token) > 0)
            {
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
        }
    }
}
