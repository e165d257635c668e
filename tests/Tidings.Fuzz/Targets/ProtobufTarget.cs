using Tidings.AspNetCore.Centrifuge;
using Tidings.Protocol.Commands;

namespace Tidings.Fuzz.Targets;

/// <summary>The input is a binary message of the Centrifuge protocol: messages of Protobuf with their lengths before them.</summary>
internal sealed class ProtobufTarget : FuzzTarget
{
    private static readonly CentrifugeProtobufDialect Dialect = new(new CentrifugeDialect(null, null, new CentrifugeSite("n", "1", static () => 0, IsInsecure: false)), null);

    public override string Name => "centrifuge-protobuf";

    public override int AllocationBound => 8 * 1024 * 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [[0x08, 0x01], [0x22], [0x2A], [0x3A], [0x52], [0x62, 0x03, 0x0A, 0x01, 0x31], [0x0A, 0x01, 0x61], [0x12, 0x02, 0x7B, 0x7D], [0xFF, 0xFF, 0xFF, 0xFF, 0x07], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x1A], [0x6A, 0x00], [0]];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var path = new Fnv();
        var name = "accepted";
        var left = input;
        while (!left.IsEmpty)
        {
            var before = left.Length;
            var fault = Dialect.Read(ref left, out var command);
            Require(left.Length < before, "each call takes something");
            Require(fault is not null || command.Type != CommandType.Unknown, "a command has a type");
            name = fault is null ? name : fault.Ends ? "ends" : "refused";
            path.Add((byte)command.Type);
            path.Add((byte)((fault?.Details.Count ?? 9) + (command.Id.IsEmpty ? 16 : 0)));
        }

        return new Outcome(name, path.Value);
    }
}
