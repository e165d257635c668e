using Tidings.Brokers;
using Tidings.Quotas;

namespace Tidings.Resources.Feed;

/// <summary>Who reads pages of rows now: each reading takes a connection of the database's pool. Safe from any thread.</summary>
/// <remarks>A place is held for one page, never while a peer is waited for. One sender has half of them at most.</remarks>
#pragma warning disable CA1001 // Its semaphores have no handles, and live as long as the application.
internal sealed class ReadingPlaces(TimeProvider time)
#pragma warning restore CA1001
{
    /// <summary>Readings at once.</summary>
    public const int Places = 8;

    /// <summary>Readings of one sender at once.</summary>
    public const int PlacesOfOne = Places / 2;

    /// <summary>How long somebody waits for a place.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _all = new(Places);
    private readonly Lock _gate = new();
    private readonly Dictionary<Sender, Share> _shares = [];

    /// <summary>Waits for a place.</summary>
    /// <param name="sender">Whose place it is.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The place, to be disposed.</returns>
    /// <exception cref="BrokerUnavailableException">None became free in time.</exception>
    public async Task<IDisposable> EnterAsync(Sender sender, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var share = Join(sender);
        try
        {
            await share.Places.WaitAsync(either.Token);
            try
            {
                await _all.WaitAsync(either.Token);
            }
            catch
            {
                share.Places.Release();
                throw;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Leave(sender, share);
            throw new BrokerUnavailableException("Too many read rows at once.");
        }
        catch
        {
            Leave(sender, share);
            throw;
        }

        return new Place(this, sender, share);
    }

    private Share Join(Sender sender)
    {
        lock (_gate)
        {
            if (!_shares.TryGetValue(sender, out var share))
            {
                _shares[sender] = share = new Share();
            }

            share.Users++;
            return share;
        }
    }

    private void Leave(Sender sender, Share share)
    {
        lock (_gate)
        {
            if (--share.Users == 0)
            {
                _shares.Remove(sender);
            }
        }
    }

    private sealed class Share
    {
        public SemaphoreSlim Places { get; } = new(PlacesOfOne);

        /// <summary>Those who have a place of it or wait for one.</summary>
        public int Users { get; set; }
    }

    private sealed class Place(ReadingPlaces places, Sender sender, Share share) : IDisposable
    {
        public void Dispose()
        {
            places._all.Release();
            share.Places.Release();
            places.Leave(sender, share);
        }
    }
}
