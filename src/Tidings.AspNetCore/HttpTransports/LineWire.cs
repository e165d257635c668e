using System.IO.Pipelines;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>How a dialect's frames of data, text or binary, stand in a response that goes on.</summary>
/// <param name="ContentType">Of what kind the response is.</param>
/// <param name="First">What comes before everything else.</param>
/// <param name="Before">What comes before each frame.</param>
/// <param name="After">What comes after it.</param>
/// <param name="End">What says why a connection ends, by the dialect's own code.</param>
internal sealed record LineForm(string ContentType, byte[] First, byte[] Before, byte[] After, Func<DisconnectCode, byte[]> End);

/// <summary>A dialect's frames of data as lines, events or messages of a response; the WebSocket protocol's own frames have no place there.</summary>
internal sealed class LineWire(PipeWriter output, LineForm form, PoolLane lane, Action abort) : StreamingWire(output, lane, abort)
{
    protected override void Begin() => Put(form.First);

    protected override void Write(ReadOnlySpan<byte> payload, Opcode opcode)
    {
        var data = opcode switch
        {
            Opcode.Text or Opcode.Binary => payload,
            Opcode.Close => form.End(StreamEnd.Read(payload).Code),
            _ => default,
        };
        if (!data.IsEmpty)
        {
            Put(form.Before);
            Put(data);
            Put(form.After);
        }
    }
}
