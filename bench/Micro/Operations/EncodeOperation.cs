using Tidings.Channels;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Bench.Micro;

/// <summary>One message of 128 bytes becomes a frame, once for all who speak the dialect.</summary>
internal sealed class EncodeOperation(Dialect dialect) : Operation
{
    private readonly Message _message = new()
    {
        Channel = "room:lobby",
        Position = new StreamPosition("0123456789abcdef", 17),
        Time = 1_700_000_000_000,
        Data = MessageData.Text(new string('a', 128)),
    };

    public override void Run()
    {
        if (dialect.Encode(_message).Length < 128)
        {
            throw new InvalidOperationException("The frame is too short.");
        }
    }
}
