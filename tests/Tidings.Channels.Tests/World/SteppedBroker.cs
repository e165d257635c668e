using Tidings.Brokers;
using Tidings.Protocol;

namespace Tidings.Channels.Tests.World;

/// <summary>A broker that is far away: its answers come when a test says so, or fail.</summary>
internal sealed class SteppedBroker : IBroker
{
    private readonly Queue<TaskCompletionSource> _waiting = [];
    private IBroker _inner = null!;

    public bool Delays { get; set; }

    /// <summary>Whether what is read is as of the asking, and late on its way back.</summary>
    public bool DelaysAnswers { get; set; }
    public Exception? Fails { get; set; }
    public string? FailsFor { get; set; }

    public IBroker Around(IBroker inner)
    {
        _inner = inner;
        return this;
    }

    public void ReleaseAll()
    {
        Delays = false;
        while (_waiting.TryDequeue(out var waiting))
        {
            waiting.SetResult();
        }
    }

    public async ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default)
    {
        await PassAsync(publication.Channel);
        return await _inner.PublishAsync(publication, cancellationToken);
    }

    public ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default) =>
        _inner.EraseAsync(channel, position, cancellationToken);

    public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => _inner.ListenAsync(channel, cancellationToken);

    public async ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
    {
        if (DelaysAnswers)
        {
            var part = await _inner.ReadAsync(channel, request, cancellationToken);
            await PassAsync(channel);
            return part;
        }

        await PassAsync(channel);
        return await _inner.ReadAsync(channel, request, cancellationToken);
    }

    private async Task PassAsync(string channel)
    {
        if (Fails is not null && (FailsFor is null || FailsFor == channel))
        {
            throw Fails;
        }

        if (Delays)
        {
            var waiting = new TaskCompletionSource();
            _waiting.Enqueue(waiting);
            await waiting.Task;
        }
    }
}
