using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Tidings.Security.Issuers;

/// <summary>The keys of one issuer as they were last found. They are fetched on a timer, and when a token names one that is not there; the last good ones stay in force.</summary>
/// <remarks>One fetch at a time. Key ids that nobody knows cost one a minute in all, however many come. Safe from any thread.</remarks>
internal sealed partial class RemoteKeys : IDisposable
{
    /// <summary>How long keys are taken for the newest, about.</summary>
    public static readonly TimeSpan Refreshed = TimeSpan.FromHours(1);

    /// <summary>How long unknown key ids wait for the next fetch, where the last one brought nothing new.</summary>
    public static readonly TimeSpan LeastBetween = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    private readonly KeyLocation _location;
    private readonly IIssuerHttp _http;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _end = new();
    private volatile IssuerKeys? _current;
    private volatile string? _fault;
    private Task? _fetching;
    private long? _asked;
    private int _failures;
    private bool _disposed;

    public RemoteKeys(KeyLocation location, IIssuerHttp http, TimeProvider time, ILogger log)
    {
        (_location, _http, _time, _log) = (location, http, time, log);
        _timer = time.CreateTimer(static keys => _ = ((RemoteKeys)keys!).Fetch(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public KeyLocation Location => _location;

    /// <summary>The last good ones; null where none could be had yet.</summary>
    public IssuerKeys? Current => _current;

    /// <summary>Why the last fetch failed; null where it did not.</summary>
    public string? Fault => _fault;

    /// <summary>Completes when no fetch is under way.</summary>
    public Task Settled
    {
        get
        {
            lock (_gate)
            {
                return _fetching ?? Task.CompletedTask;
            }
        }
    }

    /// <summary>Fetches now, or joins who does. Completes when that has ended, well or not.</summary>
    public Task Fetch()
    {
        lock (_gate)
        {
            return _disposed ? Task.CompletedTask : _fetching ??= FetchAsync();
        }
    }

    /// <summary>A token names a key that is not there: fetches, unless it was fetched in vain within the last minute.</summary>
    /// <param name="looked">The keys that were looked at.</param>
    /// <returns>Whether a fetch is under way, or has brought other keys meanwhile.</returns>
    public bool Ask(IssuerKeys? looked)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(looked, _current))
            {
                return true;
            }

            // Where there are no keys yet the timer asks, more often than this would.
            if (_fetching is null && !_disposed && (_current is null ? _failures == 0 : _asked is not { } last || _time.GetElapsedTime(last) >= LeastBetween))
            {
                _asked = _time.GetTimestamp();
                _fetching = FetchAsync();
            }

            return _fetching is not null;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _end.Cancel();
        _timer.Dispose();
    }

    private async Task FetchAsync()
    {
        // Not under the caller's lock, nor in its time.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        IssuerKeys? found = null;
        string? fault = null;
        try
        {
            found = await IssuerDocuments.FetchAsync(_location, _http, _end.Token).ConfigureAwait(false);
        }
        catch (IssuerException error)
        {
            fault = error.Message;
        }
        catch (OperationCanceledException)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever an issuer makes a parser throw, the last good keys stay and the next fetch comes.
        catch (Exception error)
#pragma warning restore CA1031
        {
            fault = $"what it answered could not be read ({error.GetType().Name})";
        }

        End(found, fault);
    }

    private void End(IssuerKeys? found, string? fault)
    {
        lock (_gate)
        {
            _fetching = null;
            if (_disposed)
            {
                return;
            }

            _fault = fault;
            var before = _failures;
            _failures = found is null ? Math.Min(_failures + 1, 30) : 0;
            if (found is not null)
            {
                if (!SameKeys(_current, found))
                {
                    // It does change its keys: the next that is unknown may be new as well.
                    _asked = null;
                    LogFound(_log, _location.Name, found.Keys.Count);
                }
                else if (before > 0)
                {
                    LogBack(_log, _location.Name);
                }

                _current = found;
            }
            else if (before == 0)
            {
                LogFailed(_log, _location.Name, fault!, _current is null ? "no token of its is accepted until they can" : "the last good ones stay in force");
            }

            _timer.Change(Jittered(found is null ? Backoff() : Refreshed), Timeout.InfiniteTimeSpan);
        }
    }

    private static bool SameKeys(IssuerKeys? one, IssuerKeys other) =>
        one is not null && one.Keys.Select(static key => (key.Id, key.Algorithm)).ToHashSet().SetEquals(other.Keys.Select(static key => (key.Id, key.Algorithm)));

    // 1 s, 2 s, 4 s … 1 min.
    private TimeSpan Backoff() => TimeSpan.FromTicks(Math.Min(LeastBetween.Ticks, FirstRetry.Ticks << Math.Min(_failures - 1, 10)));

    // Nodes that began together do not ask together for ever.
    private static TimeSpan Jittered(TimeSpan span) => span * (RandomNumberGenerator.GetInt32(900, 1001) / 1000d);

    [LoggerMessage(230, LogLevel.Information, "Issuer {Issuer}: {Count} keys that check its tokens are in force")]
    private static partial void LogFound(ILogger logger, string issuer, int count);

    [LoggerMessage(231, LogLevel.Warning, "Issuer {Issuer}: its keys could not be fetched: {Fault}; {Consequence}")]
    private static partial void LogFailed(ILogger logger, string issuer, string fault, string consequence);

    [LoggerMessage(232, LogLevel.Information, "Issuer {Issuer}: its keys can be fetched again")]
    private static partial void LogBack(ILogger logger, string issuer);
}
