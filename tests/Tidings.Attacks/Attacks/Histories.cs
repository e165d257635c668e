
namespace Tidings.Attacks.Attacks;

/// <summary>B48: large messages in ever new names, all of which are kept for an hour.</summary>
internal sealed class Histories : Attack
{
    private const int MessagesAtOnce = 40;

    private static readonly string Data = new('x', 60_000);

    private int _names;

    public override string Id => "histories";

    public override string What => "messages of 60 KB in ever new names";

    public override int Workers => 46;

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        await using var socket = await target.OpenAsync("/connect?ping=frame");
        for (var i = 0; i < MessagesAtOnce && !stop.IsCancellationRequested; i++)
        {
            await socket.SendTextAsync($$"""{"type":"publish","channel":"chat:{{worker}}.{{Interlocked.Increment(ref _names) / 3}}","data":"{{Data}}"}""");
            await socket.ReceiveTextAsync();
        }
    }
}
