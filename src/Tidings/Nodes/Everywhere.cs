namespace Tidings.Nodes;

/// <summary>Each node's part of a list.</summary>
/// <param name="Parts">The rows of each node that answered, by its name.</param>
/// <param name="Missing">The names of those that did not.</param>
internal sealed record NodeParts(IReadOnlyList<(string Node, IReadOnlyList<NodeListRow> Rows)> Parts, IReadOnlyList<string> Missing);

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

    /// <summary>Lists what all nodes hold.</summary>
    /// <param name="query">What is listed, in the order of names.</param>
    /// <param name="node">This node's name.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Each node's part, this one's too, and who did not answer.</returns>
    /// <exception cref="Brokers.BrokerUnavailableException">The others cannot be reached.</exception>
    public async ValueTask<NodeParts> ListAsync(NodeListQuery query, string node, CancellationToken cancellationToken = default)
    {
        var request = query.ToRequest();
        var asking = nodes.CollectAsync(request, cancellationToken);
        var own = await ListHereAsync(query).ConfigureAwait(false);
        var (answers, missing) = await asking.ConfigureAwait(false);
        var parts = new List<(string Node, IReadOnlyList<NodeListRow> Rows)> { (node, own) };
        List<string> silent = [.. missing];
        foreach (var (other, data) in answers)
        {
            if (NodeListRow.Read(data.Span) is { } rows)
            {
                parts.Add((other, rows));
            }
            else
            {
                silent.Add(other);
            }
        }

        return new NodeParts(parts, silent);
    }

    /// <summary>The same of this node alone.</summary>
    public async ValueTask<IReadOnlyList<NodeListRow>> ListHereAsync(NodeListQuery query) => await here.ListAsync(query.ToRequest()).ConfigureAwait(false) ?? [];

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
