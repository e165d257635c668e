using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>B47: bodies that announce a megabyte and send a byte, held for as long as they are let.</summary>
internal sealed class AnnouncedBodies : Attack
{
    private const int Held = 600;

    private readonly Queue<RawTcp> _held = [];

    public override string Id => "bodies";

    public override string What => "POSTs that announce 1 MB and send a byte";

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        var socket = await target.ConnectAsync();
        await socket.SendAsync(Target.Post("/connect", 1_000_000) + "{");
        RawTcp? oldest = null;
        lock (_held)
        {
            _held.Enqueue(socket);
            oldest = _held.Count > Held ? _held.Dequeue() : null;
        }

        oldest?.Reset();
    }
}
