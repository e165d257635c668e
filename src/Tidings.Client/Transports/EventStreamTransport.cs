using System.Net.ServerSentEvents;
using System.Text.Json;
using Tidings.Client.Commands;
using Tidings.Client.Wire;
using Tidings.Protocol;

namespace Tidings.Client.Transports;

/// <summary>The channels as Server-Sent Events, commands by POST.</summary>
internal sealed class EventStreamTransport : IFollowingTransport
{
    private readonly HttpLink _link;
    private readonly IFollowedChannels _channels;
    private readonly TimeProvider _time;
    private readonly int _most;
    private readonly FollowSignal _changed;
    private readonly Task _running;
    private long _lastHeard;

    public EventStreamTransport(HttpLink link, IFollowedChannels channels, int most, TimeProvider time)
    {
        _link = link;
        _changed = new FollowSignal(channels);
        _channels = channels;
        _most = most;
        _time = time;
        _lastHeard = time.GetTimestamp();
        _running = Task.Run(RunAsync);
    }

    public ClientTransport Kind => ClientTransport.ServerSentEvents;

    public long LastHeard => Volatile.Read(ref _lastHeard);

    public ValueTask<ServerFrame> ReceiveAsync(CancellationToken cancellationToken) => _link.ReceiveAsync(cancellationToken);

    public ValueTask SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken) => _link.PostAsync(commands, cancellationToken);

    // The stream has comments for signs of life, and none go up.
    public ValueTask SendSignAsync(ReadOnlyMemory<byte> sign, CancellationToken cancellationToken) => default;

    // Before there is a stream there is nothing that a command could speak for.
    public bool TryTrack() => _link.Connection is null;

    public void Follow() => _changed.SetIfChanged();

    public void BeginAnew() => _changed.Set();

    public void Renew(string? token)
    {
        _link.Token = token;
        _changed.Set();
    }

    public ValueTask CloseAsync(CancellationToken cancellationToken) => default;

    public async ValueTask DisposeAsync()
    {
        _link.Dispose();
        await _running.ConfigureAwait(false);
    }

    // Nobody waits for the answer.
    private static PendingCommand Track((string Channel, ReadOnlyMemory<byte> Info) said) =>
        new(0, CommandWriter.Write("track", 0, writer => CommandWriter.Track(writer, said.Channel, said.Info.Span)), Delivery.Connection);

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using var until = _changed.Next(_link.Ended);
                try
                {
                    await ReadStreamAsync(until.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (!_link.Ended.IsCancellationRequested)
                {
                    // Other channels: the stream begins anew where the old one was read to.
                }
            }
        }
        catch (Exception error)
        {
            _link.End(error);
        }
    }

    private async Task ReadStreamAsync(CancellationToken cancellationToken)
    {
        var followed = _changed.Ask();
        var query = FollowQuery.Of(followed) + (_channels.Presence ? "&presence=true" : "") + (_channels.Occupancy ? "&occupancy=true" : "") + FollowQuery.OfInfos(_channels.Infos, out var unsaid)
            + string.Concat(_channels.States.Intersect(followed.Select(static one => one.Channel)).Select(static channel => "&state=" + Uri.EscapeDataString(channel)));
        using var response = await _link.GetAsync(query.TrimStart('&'), "text/event-stream", _channels.Tokens, cancellationToken).ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            throw new TransportException(DisconnectCode.Abnormal);
        }

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var bounded = new BoundedStream(body, _most, () => Volatile.Write(ref _lastHeard, _time.GetTimestamp()));
            try
            {
                var parser = SseParser.Create(bounded, static (_, data) => ServerFrame.Parse(data));
                await foreach (var item in parser.EnumerateAsync(cancellationToken).ConfigureAwait(false))
                {
                    bounded.Reset();
                    var frame = item.Data;
                    if (frame.Type == "disconnecting" && frame.Whole("code") is { } code and <= ushort.MaxValue)
                    {
                        await _link.TellAsync(frame, cancellationToken).ConfigureAwait(false);
                        throw new TransportException(new DisconnectCode((ushort)code, frame.Text("reason") ?? "")) { Final = true };
                    }

                    _link.Connection = frame.Type == "connected" ? frame.Text("connection") : _link.Connection;
                    await _link.TellAsync(frame, cancellationToken).ConfigureAwait(false);
                    if (frame.Type == "connected" && unsaid.Count > 0)
                    {
                        await _link.PostAsync([.. unsaid.Select(Track)], cancellationToken).ConfigureAwait(false);
                    }
                }
            }
            catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
            {
                throw new TransportException(bounded.Exceeded ? DisconnectCode.MessageTooLarge : DisconnectCode.Abnormal, error);
            }
        }

        throw new TransportException(DisconnectCode.Abnormal);
    }
}
