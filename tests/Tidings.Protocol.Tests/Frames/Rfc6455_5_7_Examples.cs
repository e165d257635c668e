using Tidings.Protocol.Frames;

namespace Tidings.Protocol.Tests.Frames;

public class Rfc6455_5_7_Examples
{
    private static readonly Reading Client = new();
    private static readonly Reading Server = new(FromClient: false);

    [Theory]
    [InlineData("810548656c6c6f", "text Hello")]
    [InlineData("010348656c80026c6f", "text Hello")]
    [InlineData("890548656c6c6f", "ping Hello")]
    public void What_a_server_sends(string wire, string expected) => Assert.Equal(expected, Server.Messages(Convert.FromHexString(wire)));

    [Theory]
    [InlineData("818537fa213d7f9f4d5158", "text Hello")]
    [InlineData("8a8537fa213d7f9f4d5158", "pong Hello")]
    public void What_a_client_sends(string wire, string expected) => Assert.Equal(expected, Client.Messages(Convert.FromHexString(wire)));

    [Fact]
    public void Frames_of_ours_are_these_bytes()
    {
        Assert.Equal("810548656C6C6F", Convert.ToHexString(Frame.Text("Hello"u8)));
        Assert.Equal("890548656C6C6F", Convert.ToHexString(Frame.Create(Opcode.Ping, "Hello"u8)));
        Assert.Equal("827E0100", Convert.ToHexString(Frame.Create(Opcode.Binary, new byte[256]), 0, 4));
        Assert.Equal("827F0000000000010000", Convert.ToHexString(Frame.Create(Opcode.Binary, new byte[65536]), 0, 10));
        Assert.Equal("C10100", Convert.ToHexString(Frame.Create(Opcode.Text, [0], compressed: true)));
        Assert.Equal("880203E8", Convert.ToHexString(Frame.Close(new DisconnectCode(1000, ""))));
        Assert.Equal("880503E8627965", Convert.ToHexString(Frame.Close(new DisconnectCode(1000, "bye"))));
        Assert.Equal("8800", Convert.ToHexString(Frame.Close(DisconnectCode.NoStatus)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(100000)]
    public void A_frame_of_ours_is_read_back_by_a_client(int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)('a' + (i % 26))).ToArray();
        Assert.Equal($"text {Reading.Show(payload)}", Server.Messages(Frame.Text(payload)));
        Assert.Equal(Frame.HeaderLength(length) + length, Frame.Text(payload).Length);
    }

    [Fact]
    public void A_reason_of_ours_that_is_too_long_is_cut_between_code_points()
    {
        foreach (var (unit, whole) in new[] { ("r", 123), ("é", 61), ("€", 41), ("😀", 30) })
        {
            var reason = string.Concat(Enumerable.Repeat(unit, 200));
            var expected = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, whole)));
            Assert.Equal($"close 4000 {Reading.Show(expected)}", Server.Messages(Frame.Close(new DisconnectCode(4000, reason))));
        }
    }

    [Fact]
    public void A_reason_of_ours_is_utf8_whatever_it_was() =>
        Assert.Equal("close 4000 a\uFFFDb", Server.Messages(Frame.Close(new DisconnectCode(4000, "a\uD800b"))));
}
