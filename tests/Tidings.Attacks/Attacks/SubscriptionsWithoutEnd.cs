using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>B49: as many subscriptions as there are to be had, each to a channel of its own with a long name.</summary>
internal sealed class SubscriptionsWithoutEnd : Attack
{
    private const int AtOnce = 1000;

    private static readonly string Long = new('n', 150);

    private int _names;

    public override string Id => "subscriptions";

    public override string What => "a thousand subscriptions for each of 190 connections";

    public override int Workers => 190;

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        await using var socket = await target.OpenAsync("/connect?ping=frame");
        var first = Interlocked.Add(ref _names, AtOnce);
        await socket.SendTogetherAsync(Enumerable.Range(first, AtOnce).Select(static name => RawFrame.OfText($$"""{"type":"subscribe","channel":"chat:{{Long}}{{name}}"}""")));
        for (var answer = 0; answer < AtOnce; answer++)
        {
            await socket.ReceiveTextAsync();
        }

        // Held for a while, or until the attack is over.
        await Task.Delay(TimeSpan.FromSeconds(5), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
