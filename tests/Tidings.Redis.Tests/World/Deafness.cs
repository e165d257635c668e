using TestKit;

namespace Tidings.Redis.Tests.World;

/// <summary>Swallows what is published on its way to a node, while everything else is answered: a link that is well and deaf.</summary>
internal sealed class Deafness : IByteFilter
{
    private static volatile bool s_deaf;

    public static bool IsDeaf { get => s_deaf; set => s_deaf = value; }

    public ValueTask<ReadOnlyMemory<byte>> PassAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        ValueTask.FromResult(IsDeaf && bytes.Span.IndexOf("\r\nmessage\r\n"u8) >= 0 ? default : bytes);
}
