using System.Runtime.CompilerServices;
using Tidings.Client.Connecting;
using Tidings.Protocol;

namespace Tidings.Client;

/// <summary>A channel whose state the application loads: the state, what follows its position, and the state again where that is gone. For one loop at a time.</summary>
/// <param name="client">The client.</param>
/// <param name="channel">The channel's name.</param>
/// <param name="options">With <see cref="SubscribeOptions.Load"/>.</param>
/// <param name="time">The clock of waiting.</param>
/// <param name="random">From 0 up to but not including 1.</param>
internal sealed class LoadedChannel(TidingsClient client, string channel, SubscribeOptions options, TimeProvider time, Func<double> random) : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _live = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ChannelSubscription? _following;

    public string Channel => channel;

    /// <summary>Up to where messages have been received; null while the state is loaded.</summary>
    public StreamPosition? Position => _following?.Position;

    /// <summary>Who is there, through all states.</summary>
    public ChannelMembers Members { get; } = client.NewMembers();

    /// <summary>What others are shown of this client; empty for nothing.</summary>
    public ReadOnlyMemory<byte> Info { get; set; } = options.Info;

    /// <summary>Completes when the first state is being followed.</summary>
    public Task Live => _live.Task;

    /// <summary>What the channel tells, each state included.</summary>
    public async IAsyncEnumerable<ChannelEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var attempt = 0; !_end.IsCancellationRequested; attempt++)
        {
            var loaded = await LoadAsync(attempt, cancellationToken).ConfigureAwait(false);
            if (loaded is not null)
            {
                yield return loaded;
            }

            if (loaded is not ChannelLoaded { Position: var since } || _end.IsCancellationRequested)
            {
                continue;
            }

            var following = client.Follow(channel, options with { Load = null, Since = since, Last = 0, Info = Info }, Members);
            await using (((IAsyncDisposable)following).ConfigureAwait(false))
            {
                _following = following;
                var isGone = false;
                await foreach (var told in following.WithCancellation(cancellationToken).ConfigureAwait(false))
                {
                    if (told is ChannelSubscribed { Recovered: not false })
                    {
                        _live.TrySetResult();
                    }

                    // Over plain requests whether all follows shows in what follows.
                    attempt = told is ChannelSubscribed { Recovered: true } or ChannelMessage ? -1 : attempt;

                    yield return told;
                    if (told is ChannelGap)
                    {
                        isGone = true;
                        break;
                    }
                }

                _following = null;
                if (!isGone)
                {
                    yield break;
                }
            }
        }
    }

    /// <summary>The loop gets what is queued, and ends.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _live.TrySetCanceled();
        if (_following is { } following)
        {
            _ = following.DisposeAsync().AsTask();
        }
    }

    // The state, or why it could not be had; null where nobody wants it any more. After a gap, and after a failure, a crowd does not come at once.
    private async Task<ChannelEvent?> LoadAsync(int attempt, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _end.Token);
        try
        {
            if (attempt > 0 || _live.Task.IsCompleted)
            {
                await Task.Delay(Backoff.Ordinary(Math.Max(0, attempt - 1), random()), time, either.Token).ConfigureAwait(false);
            }

            var state = await options.Load!(either.Token).ConfigureAwait(false);
            return state is { Position: { Epoch.Length: > 0, Offset: >= 0 } position }
                ? new ChannelLoaded(channel, position, state.State)
                : new ChannelError(channel, ErrorCode.Internal, "Load must return the position that was read before the state.");
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
#pragma warning disable CA1031 // The application's own code: whatever fails in it is told, and tried again.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return new ChannelError(channel, ErrorCode.Unavailable, error.Message);
        }
    }
}
