using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>B47: messages that are never finished, each as large as it may be.</summary>
internal sealed class HalfMessages : Attack
{
    private static readonly RawFrame Part = RawFrame.OfText(new string('x', 60_000)) with { Final = false };

    public override string Id => "messages";

    public override string What => "WebSocket messages of 60 KB that never end";

    public override int Workers => 190;

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        await using var socket = await target.OpenAsync("/ws");
        await socket.SendAsync(Part);
        await socket.TryReceiveAsync(TimeSpan.FromSeconds(8));
    }
}
