using Tidings.Protocol.Frames;

namespace Tidings.Connections;

/// <summary>The tutorials' echo: text comes back as <c>Echo: text</c>, binary as it is.</summary>
internal sealed class EchoHandler(FirstMessage? firstMessage) : TextRouteHandler(firstMessage)
{
    public override string ProtocolName => "echo";

    public override void OnBinary(Connection connection, ReadOnlySpan<byte> bytes)
    {
        if (MayContinue(connection, bytes.Length))
        {
            connection.Send(Frame.Create(Opcode.Binary, bytes));
        }
    }

    protected override void OnContent(Connection connection, ReadOnlySpan<byte> text)
    {
        var prefix = "Echo: "u8;
        var header = Frame.HeaderLength(prefix.Length + text.Length);
        var frame = GC.AllocateUninitializedArray<byte>(header + prefix.Length + text.Length);
        Frame.WriteHeader(frame, Opcode.Text, prefix.Length + text.Length);
        prefix.CopyTo(frame.AsSpan(header));
        text.CopyTo(frame.AsSpan(header + prefix.Length));
        connection.Send(frame);
    }
}

/// <summary>Every message back exactly as it came: what conformance suites speak to.</summary>
internal sealed class ExactEchoHandler : ConnectionHandler
{
    public override string ProtocolName => "echo";

    public override void OnText(Connection connection, ReadOnlySpan<byte> text) => connection.SendText(text);

    public override void OnBinary(Connection connection, ReadOnlySpan<byte> bytes) =>
        connection.Send(Frame.Create(Opcode.Binary, bytes));
}
