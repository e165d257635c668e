namespace Tidings.Nodes;

/// <summary>What nodes ask of each other. Safe from any thread.</summary>
/// <remarks>An engine has each of the others carry a request out by its <see cref="INodeWork"/>, and never the node that asks, which does it by itself. How many others there are is the engine's to know: of a node that
/// does not answer within <see cref="Patience"/> nothing is counted, and <see cref="CollectAsync"/> names it.</remarks>
public interface INodes
{
    /// <summary>How long a node waits for the answers of the others.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Whether there never are others.</summary>
    bool IsAlone { get; }

    /// <summary>Has all other nodes carry a request out, and waits for what they answer.</summary>
    /// <remarks>Requests to one <see cref="NodeRequest.Name"/> reach every node in the order of the calls.</remarks>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends the waiting; the request is carried out all the same.</param>
    /// <returns>The sum of what they answer within <see cref="Patience"/>.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">They cannot be reached: then the task has failed when it is returned, or what became of the request is not known.</exception>
    Task<int> AskAsync(NodeRequest request, CancellationToken cancellationToken = default);

    /// <summary>Has all other nodes answer a request with data.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What they answer within <see cref="Patience"/>, and who does not.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">They cannot be reached.</exception>
    Task<NodeAnswers> CollectAsync(NodeRequest request, CancellationToken cancellationToken = default);

    /// <summary>The same where nobody wants to know what they answer: it completes when the request is on its way.</summary>
    /// <param name="request">What is asked.</param>
    /// <exception cref="Brokers.BrokerUnavailableException">They cannot be reached.</exception>
    Task TellAsync(NodeRequest request);
}

/// <summary>What a node does for the others. Safe from any thread.</summary>
public interface INodeWork
{
    /// <summary>Carries a request out. What can be done at once is done when it returns; it never waits for a peer.</summary>
    /// <param name="request">What is asked.</param>
    /// <returns>How many connections it concerned.</returns>
    ValueTask<int> CarryOutAsync(NodeRequest request);

    /// <summary>Lists what the node holds.</summary>
    /// <param name="request">What is asked.</param>
    /// <returns>The rows, which an answer bears as <see cref="NodeListRow.Write"/> has them; null where it was not asked for a list.</returns>
    ValueTask<IReadOnlyList<NodeListRow>?> ListAsync(NodeRequest request) => default;
}

/// <summary>A single node.</summary>
internal sealed class NoOtherNodes : INodes
{
    public bool IsAlone => true;

    public Task<int> AskAsync(NodeRequest request, CancellationToken cancellationToken = default) => Task.FromResult(0);

    public Task<NodeAnswers> CollectAsync(NodeRequest request, CancellationToken cancellationToken = default) => Task.FromResult(NodeAnswers.None);

    public Task TellAsync(NodeRequest request) => Task.CompletedTask;
}
