using System.IO.Pipelines;
using Tidings.AspNetCore.Kestrel;

namespace Tidings.AspNetCore.Express;

/// <summary>What follows a handshake that was answered, for who closes the connection at once: its reason out, its peer's answer in.</summary>
internal sealed class ExpressStream(IDuplexPipe pipe) : UnseekableStream
{
    private readonly Stream _input = pipe.Input.AsStream(leaveOpen: true);
    private readonly Stream _output = pipe.Output.AsStream(leaveOpen: true);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _output.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);
}
