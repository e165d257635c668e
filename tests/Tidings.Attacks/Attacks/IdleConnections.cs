using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>B51: connections of plain HTTP, opened without end and kept.</summary>
internal sealed class IdleConnections : Attack
{
    private const int Held = 3_000;

    private static readonly byte[] Request = Target.Bytes("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");

    private readonly Queue<RawTcp> _held = [];

    public override string Id => "idle";

    public override string What => "plain HTTP connections that stay";

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        var socket = await target.ConnectAsync();
        await socket.TrySendAsync(Request);
        RawTcp? oldest = null;
        lock (_held)
        {
            _held.Enqueue(socket);
            oldest = _held.Count > Held ? _held.Dequeue() : null;
        }

        oldest?.Reset();
    }
}
