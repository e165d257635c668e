namespace Tidings.Attacks;

/// <summary>What one address does to a server, as fast as it can, until it is told to stop.</summary>
internal abstract class Attack
{
    /// <summary>The name that it is chosen by.</summary>
    public abstract string Id { get; }

    /// <summary>What it tries, in one line.</summary>
    public abstract string What { get; }

    /// <summary>Options of the server besides those of every run.</summary>
    public virtual IReadOnlyList<(string Key, string Value)> Settings => [];

    /// <summary>Begins what has to be there before, as others who are harmed; it ends with what is returned.</summary>
    public virtual Task<IAsyncDisposable?> PrepareAsync(Target target) => Task.FromResult<IAsyncDisposable?>(null);

    /// <summary>How many do it at once.</summary>
    public virtual int Workers => 16;

    /// <summary>Does it once. What goes wrong with a connection is what the server wants, and no error.</summary>
    /// <param name="target">The server.</param>
    /// <param name="worker">Which of the workers it is.</param>
    /// <param name="stop">Ends it.</param>
    public abstract Task StrikeAsync(Target target, int worker, CancellationToken stop);
}
