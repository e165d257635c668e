namespace Tidings.Nodes;

/// <summary>Something that was asked of other nodes, and what they have answered. Safe from any thread.</summary>
internal sealed class NodeQuestion
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(string Node, ReadOnlyMemory<byte> Data)> _answers = [];
    private int _sum;
    private int? _expected;

    /// <summary>What was answered with, by node.</summary>
    public IReadOnlyList<(string Node, ReadOnlyMemory<byte> Data)> Answers
    {
        get
        {
            lock (_gate)
            {
                return [.. _answers];
            }
        }
    }

    /// <summary>A node has answered.</summary>
    public void Add(string node, int count, ReadOnlyMemory<byte> data)
    {
        lock (_gate)
        {
            _answers.Add((node, data));
            _sum += count;
            Look_NeedsLock();
        }
    }

    /// <summary>Waits until so many others have answered, but no longer than <see cref="INodes.Patience"/>.</summary>
    /// <returns>The sum of their answers.</returns>
    public async Task<int> AnsweredAsync(int others, TimeProvider time, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _expected = others;
            Look_NeedsLock();
        }

        try
        {
            await _complete.Task.WaitAsync(INodes.Patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // One of them has gone, or is not well. What it has is not counted.
        }

        lock (_gate)
        {
            return _sum;
        }
    }

    private void Look_NeedsLock()
    {
        if (_answers.Count >= _expected)
        {
            _complete.TrySetResult();
        }
    }
}
