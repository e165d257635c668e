using Tidings.Protocol.Commands;

namespace Tidings.Bench.Micro;

/// <summary>One command of a client is read.</summary>
internal sealed class DecodeOperation(ReadOnlySpan<byte> json) : Operation
{
    private readonly byte[] _json = json.ToArray();

    public override void Run()
    {
        if (CommandReader.Read(_json, out _) is not null)
        {
            throw new InvalidOperationException("The command was refused.");
        }
    }
}
