namespace Tidings.Nodes;

/// <summary>Carries requests out on every node, this one too. Safe from any thread.</summary>
internal sealed class Everywhere(INodes nodes, INodeWork here)
{
    /// <summary>A single node does it at once, and the task is complete when it is returned.</summary>
    /// <returns>How many connections it concerned on all nodes; less where one did not answer within a second.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">The others cannot be reached: nothing was done, or it is not known what they did.</exception>
    public ValueTask<int> DoAsync(NodeRequest request, CancellationToken cancellationToken = default) =>
        nodes.IsAlone ? here.CarryOutAsync(request) : AskAsync(request, cancellationToken);

    /// <summary>Carries a request out on the node that is named, this one or another: the others are asked only where it is not this one.</summary>
    /// <inheritdoc cref="DoAsync"/>
    public async ValueTask<int> DoOnAsync(bool isHere, NodeRequest request, CancellationToken cancellationToken = default) =>
        isHere ? await here.CarryOutAsync(request).ConfigureAwait(false)
        : nodes.IsAlone ? 0
        : await nodes.AskAsync(request, cancellationToken).ConfigureAwait(false);

    private async ValueTask<int> AskAsync(NodeRequest request, CancellationToken cancellationToken)
    {
        var asking = nodes.AskAsync(request, cancellationToken);
        if (asking.IsFaulted)
        {
            return await asking.ConfigureAwait(false);
        }

        var count = await here.CarryOutAsync(request).ConfigureAwait(false);
        return count + await asking.ConfigureAwait(false);
    }
}
