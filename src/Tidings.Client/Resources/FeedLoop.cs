using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tidings.Client.Connecting;
using Tidings.Client.Contracts;
using Tidings.Client.Transports;
using Tidings.Protocol;

namespace Tidings.Client.Resources;

/// <summary>Keeps one feed connected: subscribes, hands its frames on, comes back as the table of close codes says.</summary>
internal sealed class FeedLoop(
    Func<string?, CancellationToken, Task<WebSocketTransport>> open, ReadOnlyMemory<byte> filter, ReconnectPlan plan, ClientToken token, TimeProvider time, ILogger log)
{
    // Two and a half of the usual interval of heartbeats: a server that is silent for longer is gone.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(75);

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    private static readonly ReadOnlyMemory<byte> Pong = """{"type":"pong"}"""u8.ToArray();

    /// <returns>Why it stays away.</returns>
    /// <exception cref="TidingsException">The server refuses what is asked for, or a row cannot be read: coming back would end the same way.</exception>
    public async Task<SessionEnd> RunAsync(IFeed feed, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Whoever may come back at once has no wait that could be cancelled.
            cancellationToken.ThrowIfCancellationRequested();
            var end = await TryFollowAsync(feed, cancellationToken).ConfigureAwait(false);
            if (plan.Next(end) is not { } delay)
            {
                return end;
            }

            if (plan.NeedsToken)
            {
                token.Forget();
            }

            ClientLog.Waiting(log, end.Code.Code, end.Code.Reason, delay);
            if (delay > TimeSpan.Zero)
            {
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<SessionEnd> TryFollowAsync(IFeed feed, CancellationToken cancellationToken)
    {
        long? opened = null;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(ConnectLimit);
            var bearer = await token.GetAsync(limit.Token).ConfigureAwait(false);
            var transport = await open(bearer, limit.Token).ConfigureAwait(false);
            await using var disposed = transport.ConfigureAwait(false);
            opened = time.GetTimestamp();
            plan.OnConnected();
            await transport.SendSignAsync(Command(feed.Begin()), cancellationToken).ConfigureAwait(false);
            await ReadAsync(transport, feed, cancellationToken).ConfigureAwait(false);
            return default;
        }
        catch (TransportException error)
        {
            return new SessionEnd(error.Reason, error.After, Unreachable: error.Unreachable, Open: opened is { } since ? time.GetElapsedTime(since) : default, Cause: error.InnerException);
        }
        catch (Exception error) when (error is not TidingsException && !cancellationToken.IsCancellationRequested)
        {
            ClientLog.Failed(log, error);
            return new SessionEnd(DisconnectCode.Abnormal, Cause: error);
        }
    }

    // Ends by an exception that says how.
    private async Task ReadAsync(WebSocketTransport transport, IFeed feed, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var silence = new CancellationTokenSource(LongestSilence, time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
            JsonElement frame;
            try
            {
                frame = await transport.ReceiveJsonAsync(linked.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TransportException(DisconnectCode.Silent);
            }

            switch (frame.TryGetProperty("type", out var type) ? type.GetString() : null)
            {
                case "ping":
                    await transport.SendSignAsync(Pong, cancellationToken).ConfigureAwait(false);
                    break;
                case "token_expiring":
                    await RenewAsync(transport, cancellationToken).ConfigureAwait(false);
                    break;
                case null when frame.TryGetProperty("error", out var refused):
                    ClientLog.FeedRefused(log, refused.ToString());
                    if (frame.TryGetProperty("details", out var details))
                    {
                        throw new TidingsException(ErrorCode.BadRequest, $"The subscription is refused: {refused}", Faults(details));
                    }

                    break;
                case not null:
                    feed.Take(frame);
                    break;
            }
        }
    }

    // Where there is no other token, the one that ends is good until its end.
    private async Task RenewAsync(WebSocketTransport transport, CancellationToken cancellationToken)
    {
        string? fresh;
        try
        {
            token.Forget();
            fresh = await token.GetAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            ClientLog.TokenFailed(log, error);
            return;
        }

        if (fresh is not null)
        {
            await transport.SendSignAsync(Auth(fresh), cancellationToken).ConfigureAwait(false);
        }
    }

    private byte[] Command((StreamPosition? Position, string? Snapshot) from)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "subscribe"u8);
            if (!filter.IsEmpty)
            {
                writer.WritePropertyName("filter"u8);
                writer.WriteRawValue(filter.Span);
            }

            if (from.Position is { } since)
            {
                writer.WriteStartObject("since"u8);
                writer.WriteString("epoch"u8, since.Epoch);
                writer.WriteNumber("offset"u8, since.Offset);
                writer.WriteEndObject();
                if (from.Snapshot is { } snapshot)
                {
                    writer.WriteString("snapshot"u8, snapshot);
                }
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static List<FieldError> Faults(JsonElement details) => details.ValueKind != JsonValueKind.Array ? [] :
    [
        .. from detail in details.EnumerateArray()
           where detail.ValueKind == JsonValueKind.Object
           select new FieldError(Text(detail, "field"), Text(detail, "message")),
    ];

    private static string Text(JsonElement json, string name) => json.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";

    private static byte[] Auth(string bearer)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "auth"u8);
            writer.WriteString("token"u8, bearer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What keeps the rows.</summary>
    internal interface IFeed
    {
        /// <summary>A connection begins: where to go on.</summary>
        (StreamPosition? Position, string? Snapshot) Begin();

        void Take(JsonElement frame);
    }
}
