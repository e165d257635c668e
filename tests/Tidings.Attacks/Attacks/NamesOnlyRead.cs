using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>B49: names that are read, subscribed to and left again, and never spoken in.</summary>
internal sealed class NamesOnlyRead : Attack
{
    private const int NamesAtOnce = 100;

    private int _names;

    public override string Id => "names";

    public override string What => "names that are only read and subscribed to";

    public override int Workers => 46;

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        await using var socket = await target.OpenAsync("/connect?ping=frame");
        for (var i = 0; i < 10 && !stop.IsCancellationRequested; i++)
        {
            var first = Interlocked.Add(ref _names, NamesAtOnce);
            await socket.SendTogetherAsync(Enumerable.Range(first, NamesAtOnce).SelectMany(static name => new[]
            {
                RawFrame.OfText($$"""{"type":"history","channel":"chat:{{name}}"}"""),
                RawFrame.OfText($$"""{"type":"subscribe","channel":"chat:{{name}}"}"""),
                RawFrame.OfText($$"""{"type":"unsubscribe","channel":"chat:{{name}}"}"""),
            }));
            for (var answer = 0; answer < 3 * NamesAtOnce; answer++)
            {
                await socket.ReceiveTextAsync();
            }
        }
    }
}
