using System.Text.Json;
using Tidings.Client.Commands;
using Tidings.Client.Wire;
using Tidings.Protocol;
using Tidings.Protocol.Positions;

namespace Tidings.Client.Transports;

/// <summary>The channels by requests that wait for messages, commands by POST.</summary>
internal sealed class PollingTransport : IFollowingTransport
{
    private const int WaitSeconds = 25;

    // How long an answer may take beyond the waiting it was asked for.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan TrackPause = TimeSpan.FromSeconds(1);

    private readonly HttpLink _link;
    private readonly TimeProvider _time;
    private readonly FollowSignal _changed;
    private readonly IFollowedChannels _channels;
    private readonly Task _running;
    private readonly ITimer _track;
    private string? _position;
    private int _tracking;

    public PollingTransport(HttpLink link, IFollowedChannels channels, TimeProvider time)
    {
        _link = link;
        _channels = channels;
        _changed = new FollowSignal(channels);
        _time = time;
        _track = time.CreateTimer(static transport => ((PollingTransport)transport!).TrackNow(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _running = Task.Run(RunAsync);
    }

    public ClientTransport Kind => ClientTransport.LongPolling;

    // Every poll has its own limit.
    public long LastHeard => _time.GetTimestamp();

    public ValueTask<ServerFrame> ReceiveAsync(CancellationToken cancellationToken) => _link.ReceiveAsync(cancellationToken);

    public ValueTask SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken) => _link.PostAsync(commands, cancellationToken);

    public ValueTask SendSignAsync(ReadOnlyMemory<byte> sign, CancellationToken cancellationToken) => default;

    /// <summary>Another poll says it, at most one a second.</summary>
    public bool TryTrack()
    {
        if (Interlocked.Exchange(ref _tracking, 1) == 0)
        {
            _track.Change(TrackPause, Timeout.InfiniteTimeSpan);
        }

        return true;
    }

    public void Follow() => _changed.SetIfChanged();

    public void BeginAnew() => _changed.Set();

    public void Renew(string? token) => _link.Token = token;

    public ValueTask CloseAsync(CancellationToken cancellationToken) => default;

    public async ValueTask DisposeAsync()
    {
        _link.Dispose();
        await _track.DisposeAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    private void TrackNow()
    {
        Volatile.Write(ref _tracking, 0);
        _changed.Set();
    }

    private async Task RunAsync()
    {
        try
        {
            // The first comes back at once: it tells that there is a way.
            await PollAsync(0, first: true, _link.Ended).ConfigureAwait(false);
            while (true)
            {
                using var until = _changed.Next(_link.Ended);
                try
                {
                    await PollAsync(WaitSeconds, first: false, until.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (_changed.IsSet && !_link.Ended.IsCancellationRequested)
                {
                    // Other channels: the next poll has them.
                }
            }
        }
        catch (Exception error)
        {
            _link.End(error);
        }
    }

    private async Task PollAsync(int wait, bool first, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(wait) + Slack, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var followed = _changed.Ask();
            var answer = await AskAsync(followed, wait, either.Token).ConfigureAwait(false);
            if (first)
            {
                await _link.TellAsync(ServerFrame.Parse(Connected(followed.Count > 0 ? followed : Chosen())), either.Token).ConfigureAwait(false);
            }

            foreach (var frame in answer.Objects("gaps").Concat(answer.Objects("messages")))
            {
                await _link.TellAsync(frame, either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TransportException(DisconnectCode.Abnormal, error);
        }
    }

    private async Task<ServerFrame> AskAsync(IReadOnlyList<(string, StreamPosition)> followed, int wait, CancellationToken cancellationToken)
    {
        var from = followed.Count > 0 ? FollowQuery.Of(followed) : _position is null ? "" : "since=" + Uri.EscapeDataString(_position);
        using var response = await _link.GetAsync($"wait={wait}&{from}".TrimEnd('&') + FollowQuery.OfInfos(_channels.Infos, out _), "application/json", _channels.Tokens, cancellationToken).ConfigureAwait(false);
        var answer = await _link.ReadAsync(response, cancellationToken).ConfigureAwait(false);
        if (answer.ValueKind != JsonValueKind.Object)
        {
            throw new TransportException(DisconnectCode.Abnormal);
        }

        var frame = new ServerFrame(answer);
        _position = frame.Text("position") ?? _position;
        return frame;
    }

    private IReadOnlyList<(string Channel, StreamPosition Position)> Chosen() =>
        [.. ChannelPositions.TryRead(_position ?? "")?.Select(static one => (one.Channel, one.Position)) ?? []];

    // A poll has no first message: this says in its place where the channels begin.
    private static byte[] Connected(IReadOnlyList<(string Channel, StreamPosition Position)> begun)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "connected");
            writer.WriteNumber("pingInterval"u8, 0);
            writer.WriteStartArray("subscriptions"u8);
            foreach (var (channel, at) in begun)
            {
                writer.WriteStartObject();
                writer.WriteString("channel"u8, channel);
                writer.WriteString("epoch"u8, at.Epoch);
                writer.WriteNumber("offset"u8, at.Offset);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
