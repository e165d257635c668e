using System.Text;

namespace Tidings.Tasks.Tests.Outputs;

/// <summary>What a viewer of a run saw, up to the end that it was told.</summary>
/// <param name="Viewer">How it looked.</param>
/// <param name="Text">All that it saw, in order.</param>
/// <param name="Status">How it was told that the output has ended.</param>
internal sealed record OutputSight(string Viewer, string Text, string? Status);

/// <summary>One run: the chunks whose producer was told that they are kept, in their order.</summary>
internal sealed class RunLedger(string id)
{
    private readonly List<string> _accepted = [];

    public string Id => id;

    /// <summary>A chunk was accepted. Called by the producer alone.</summary>
    public void Accept(string chunk) => _accepted.Add(chunk);

    /// <summary>What a viewer did not see, or saw otherwise, in a sentence; null where it saw everything.</summary>
    public string? FaultOf(OutputSight sight)
    {
        var whole = string.Concat(_accepted);
        if (sight.Text == whole && sight.Status == "completed")
        {
            return null;
        }

        var same = whole.AsSpan().CommonPrefixLength(sight.Text);
        var missing = _accepted.Index().Where(chunk => !sight.Text.Contains(chunk.Item, StringComparison.Ordinal)).Select(static chunk => chunk.Index).ToList();
        return $"{id}, by {sight.Viewer}: {Encoding.UTF8.GetByteCount(sight.Text)} bytes in the place of {Encoding.UTF8.GetByteCount(whole)}, other ones from character {same} on; "
            + $"chunks that are not there: {(missing.Count == 0 ? "none" : $"{missing.Count} of {_accepted.Count}, {missing[0]} to {missing[^1]}")}; it ended as {sight.Status ?? "nothing"}";
    }
}
