using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using Tidings.AspNetCore.HttpTransports;
using Tidings.Lanes;
using Tidings.Protocol.Frames;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Tasks;

/// <summary>An output as Server-Sent Events: the id of each is where to go on.</summary>
internal sealed class OutputWire(PipeWriter output, int retryMilliseconds, PoolLane lane, Action abort) : StreamingWire(output, lane, abort)
{
    private bool _ended;

    protected override void Begin()
    {
        Put("retry: "u8);
        Put(System.Text.Encoding.ASCII.GetBytes(retryMilliseconds.ToString(CultureInfo.InvariantCulture)));
        Put("\n"u8);
    }

    protected override void Write(ReadOnlySpan<byte> payload, Opcode opcode)
    {
        if (opcode != Opcode.Text)
        {
            Put(opcode == Opcode.Close && !_ended && !StreamEnd.Read(payload).ComesBack ? StreamEnd.FinalEvent : ":\n\n"u8);
            return;
        }

        // JSON of ours, without line breaks.
        Put("data: "u8);
        Put(payload);
        Put("\nid: "u8);
        if (payload.StartsWith(OutputJson.PartBegins) && Utf8Parser.TryParse(payload[OutputJson.PartBegins.Length..], out long _, out var length))
        {
            Put(payload.Slice(OutputJson.PartBegins.Length, length));
        }
        else
        {
            _ended = true;
            Put(StreamEnd.FinalId);
        }

        Put("\n\n"u8);
    }
}
