namespace Tidings.Engine;

/// <summary>Something that a node shares with others, as a whole: what it is called, its start, and whether it can be reached. Safe from any thread.</summary>
/// <remarks>An application, or a package, registers one (<c>TryAddEnumerable</c>) beside the contracts that it implements (<c>TryAdd</c>). Where there are several, with the one that <c>AddRedis</c> and the like bring along, each is started and asked; the last one registered has the name.
/// The container disposes what it has made.</remarks>
public interface IEngine
{
    /// <summary>What it is called, for people and in <c>/api/info</c>: lower-case letters and digits.</summary>
    string Name { get; }

    /// <summary>Whether all of it can be reached now. Where it cannot, the node is not ready: it asks for no new connections. It does not wait.</summary>
    bool IsAvailable { get; }

    /// <summary>Why nothing can be written now, though all can be read; else null.</summary>
    string? Refusal => null;

    /// <summary>Begins to connect, and goes on for as long as it takes: a node starts without what it shares, and is ready once that is there.</summary>
    /// <remarks>Called once, before anybody connects. Completes when the first attempt has ended, well or not.</remarks>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task StartAsync(CancellationToken cancellationToken);
}
