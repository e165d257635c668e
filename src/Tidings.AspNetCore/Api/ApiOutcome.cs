using Tidings.AspNetCore.Responses;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Api;

/// <summary>What came of an operation: JSON, or a fault.</summary>
internal sealed record ApiOutcome(byte[]? Json, ApiFault? Fault)
{
    /// <summary>How many commands were carried out, as limits count them.</summary>
    public int Commands { get; init; } = 1;

    public static ApiOutcome Bad(string detail) => Refused(ErrorCode.BadRequest, detail);

    public static ApiOutcome Refused(ErrorCode code, string detail) => new(null, new ApiFault(code, detail));

    /// <summary>Ends the object that <paramref name="frame"/> is writing.</summary>
    public static ApiOutcome Of(JsonFrame frame) => new(frame.EndJson().ToArray(), null);

    /// <summary>An object with one number.</summary>
    public static ApiOutcome Of(string name, long number)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteNumber(name, number);
        return Of(frame);
    }
}
