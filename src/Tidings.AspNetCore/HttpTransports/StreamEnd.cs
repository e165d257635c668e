using System.Buffers.Binary;
using System.Text;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>The end of a stream in words, in the place of a close frame.</summary>
internal static class StreamEnd
{
    /// <summary>The id of the last event of a stream whose reader must not come back. It is no position: who comes with it is answered 204.</summary>
    public const string Final = "end";

    // Who is over a limit comes back slowly.
    private const int SlowlyMilliseconds = 30_000;

    public static ReadOnlySpan<byte> FinalId => "end"u8;

    /// <summary>An event that no reader sees, which changes the id by which the reader comes back.</summary>
    public static ReadOnlySpan<byte> FinalEvent => "id: end\n\n"u8;

    /// <summary>Reads the payload of a close frame of ours.</summary>
    /// <returns>The code, and whether the client is to come back.</returns>
    public static (DisconnectCode Code, bool ComesBack) Read(ReadOnlySpan<byte> payload)
    {
        var code = payload.Length < 2
            ? DisconnectCode.Goodbye
            : new DisconnectCode(BinaryPrimitives.ReadUInt16BigEndian(payload), Encoding.UTF8.GetString(payload[2..]));
        return (code, ComesBack(code.Code));
    }

    public static ReadOnlySpan<byte> Json(DisconnectCode code)
    {
        var frame = JsonFrame.Begin("disconnecting");
        frame.Writer.WriteNumber("code"u8, code.Code);
        frame.Writer.WriteString("reason"u8, code.Reason);
        frame.Writer.WriteBoolean("reconnect"u8, ComesBack(code.Code));
        if (CloseCodes.Of(code.Code).After == AfterClose.ComeBackSlowly)
        {
            frame.Writer.WriteNumber("after"u8, SlowlyMilliseconds);
        }

        return frame.EndJson();
    }

    // A reader of a stream has no way to ask for another token by itself.
    private static bool ComesBack(ushort code) => CloseCodes.Of(code).After is not (AfterClose.StayAway or AfterClose.AskTokenOnce);
}
