using System.Text.Json;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Readers;

/// <summary>A client that listens to one channel, and comes back whenever its connection ends, as the client libraries do.</summary>
internal abstract class Reader(ReaderContext context, SubscriptionTerms terms, Random random)
{
    /// <summary>Silence after which a connection is given up: two heartbeats and a half.</summary>
    protected static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(12.5);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly List<TimeSpan> _outages = [];
    private long? _away;

    public SubscriptionTerms Terms => terms;

    public SubscriptionJournal Journal { get; } = context.Journal.Of(terms.Channel).Open(terms);

    /// <summary>The connection's id, while there is one.</summary>
    public string? Connection { get; protected set; }

    /// <summary>Whether it is subscribed now.</summary>
    public bool IsLive { get; private set; }

    /// <summary>When it became live again, each time.</summary>
    public List<long> Returns { get; } = [];

    /// <summary>From the end of each connection until the subscription was live again.</summary>
    public IReadOnlyList<TimeSpan> Outages => _outages;

    /// <summary>The codes with which connections ended; 1006 where there was none.</summary>
    public List<int> CloseCodes { get; } = [];

    protected ReaderContext Context => context;

    public async Task RunAsync(CancellationToken end)
    {
        var failures = 0;
        while (!end.IsCancellationRequested)
        {
            var code = 1006;
            try
            {
                code = await ReadAsync(context.Pick(random), end);
            }
            catch (Exception error) when (error is not (InvalidOperationException or NullReferenceException or ArgumentException) || error is ObjectDisposedException)
            {
                // Refused, reset, too silent: the next attempt tells.
            }

            if (end.IsCancellationRequested)
            {
                break;
            }

            failures = IsLive ? 0 : failures + 1;
            Left(code);
            await WaitAsync(failures, end);
        }
    }

    /// <summary>Reads until the connection ends.</summary>
    /// <returns>The code with which it ended.</returns>
    protected abstract Task<int> ReadAsync(Uri node, CancellationToken end);

    protected void Live()
    {
        if (_away is { } since)
        {
            _outages.Add(TimeSpan.FromTicks(context.Journal.Now() - since));
            Returns.Add(context.Journal.Now());
            _away = null;
        }

        IsLive = true;
    }

    /// <summary>One object of the channel protocol.</summary>
    protected void Told(JsonElement message)
    {
        if (!message.TryGetProperty("channel", out var channel) || channel.GetString() != terms.Channel)
        {
            return;
        }

        switch (message.GetProperty("type").GetString())
        {
            case "message":
                var name = Payload.NameOf(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(message.GetProperty("data")));
                Journal.Message(message.TryGetProperty("offset", out var offset) ? offset.GetInt64() : 0, name);
                context.Lags.Came(name);
                break;
            case "gap":
                Journal.Gap(PositionOf(message), message.GetProperty("from").GetInt64(), message.GetProperty("to").GetInt64(), message.GetProperty("reason").GetString()!);
                break;
        }
    }

    protected static StreamPosition PositionOf(JsonElement message) => new(message.GetProperty("epoch").GetString()!, message.GetProperty("offset").GetInt64());

    /// <summary>The connection is gone.</summary>
    protected void Left(int code)
    {
        Connection = null;
        if (IsLive)
        {
            IsLive = false;
            _away = context.Journal.Now();
            CloseCodes.Add(code);
            Journal.Closed(code);
        }
    }

    // Full jitter, so that all who were on one node do not come at once.
    private async Task WaitAsync(int failures, CancellationToken end)
    {
        var most = Math.Min(LongestDelay.TotalSeconds, FirstDelay.TotalSeconds * Math.Pow(2, Math.Min(failures, 5)));
        await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * most), end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
