using Tidings.Protocol.Frames;

namespace Tidings.Bench.Micro;

/// <summary>One masked text of 128 bytes is read out of what a socket brought.</summary>
internal sealed class ReadFrameOperation : Operation
{
    private static readonly MessageRules Rules = new(64 * 1024, 1024 * 1024, Text: true, Binary: true);

    private readonly byte[] _frame = [0x81, 0x80 | 126, 0, 128, 1, 2, 3, 4, .. Enumerable.Range(0, 128).Select(i => (byte)('a' ^ (i % 4 + 1)))];
    private readonly byte[] _input = new byte[8 + 128];
    private MessageReader _reader = new(fromClient: true, allowCompressed: false);

    public override void Run()
    {
        // Unmasking happens in place.
        _frame.CopyTo(_input, 0);
        var input = _input.AsSpan();
        if (_reader.Read(ref input, Rules) is not { Kind: MessageEventKind.Text, Payload.Length: 128 })
        {
            throw new InvalidOperationException("The frame was not read.");
        }
    }
}
