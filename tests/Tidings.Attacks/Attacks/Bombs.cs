using System.IO.Compression;
using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>A kilobyte that inflates to a megabyte, at full speed on every connection that one address may have.</summary>
internal sealed class Bombs : Attack
{
    private static readonly byte[] Bomb = Make(1_000_000);

    public override string Id => "bombs";

    public override string What => "1 KB that inflates to 1 MB";

    public override int Workers => 100;

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        await using var socket = await target.OpenAsync("/ws", Target.Attacker, ("Sec-WebSocket-Extensions", "permessage-deflate"));
        while (!stop.IsCancellationRequested && await socket.Tcp.TrySendAsync(Bomb))
        {
        }
    }

    private static byte[] Make(int length)
    {
        using var bytes = new MemoryStream();
        using (var deflate = new DeflateStream(bytes, CompressionLevel.Optimal))
        {
            deflate.Write(new byte[length].AsSpan());
        }

        return new RawFrame(RawFrame.TextOpcode, [.. bytes.ToArray(), 0]) { Reserved = 4 }.ToBytes();
    }
}
