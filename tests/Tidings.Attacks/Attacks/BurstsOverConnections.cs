using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>B51: a new connection for every burst.</summary>
internal sealed class BurstsOverConnections : Attack
{
    private static readonly byte[] Burst = [.. Enumerable.Range(0, 100).SelectMany(static _ => RawFrame.OfText("hi").ToBytes())];

    public override string Id => "bursts";

    public override string What => "a new connection for every burst of 100 messages";

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        await using var socket = await target.OpenAsync("/ws/lobby");
        await socket.Tcp.TrySendAsync(Burst);
        await socket.TryReceiveAsync(TimeSpan.FromSeconds(1));
    }
}
