using System.Text;
using Tidings.Protocol.Frames;
using static Tidings.Protocol.Tests.Frames.ClientFrame;

namespace Tidings.Protocol.Tests.Frames;

public class Rfc6455_5_5_1_Close
{
    private static readonly Reading Client = new();

    public static TheoryData<int> Valid =>
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];

    public static TheoryData<int> Invalid =>
        [0, 1, 125, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32768, 65535];

    [Fact]
    public void An_empty_close_has_no_status() => Assert.Equal("close 1005", Client.Messages(Of(Opcode.Close, [])));

    [Fact]
    public void A_close_of_one_byte_is_refused()
    {
        for (var b = 0; b < 256; b++)
        {
            Assert.Equal("error CloseCode 1002", Client.Messages(Of(Opcode.Close, [(byte)b])));
        }
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_code_that_may_be_on_the_wire_is_taken(int code)
    {
        Assert.Equal($"close {code}", Client.Messages(Close(code)));
        Assert.Equal($"close {code} Adiós 再见", Client.Messages(Close(code, "Adiós 再见")));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void A_code_that_must_not_be_on_the_wire_is_refused(int code)
    {
        Assert.Equal("error CloseCode 1002", Client.Messages(Close(code)));
        Assert.Equal("error CloseCode 1002", Client.Messages(Close(code, "reason")));
    }

    [Fact]
    public void Every_code_is_valid_by_the_ranges_of_section_7_4()
    {
        for (var code = -1; code <= 70000; code++)
        {
            var registered = code is >= 1000 and <= 1003 or >= 1007 and <= 1014;
            Assert.Equal(registered || code is >= 3000 and < 5000, DisconnectCode.IsValidOnWire(code));
        }
    }

    [Fact]
    public void A_reason_has_up_to_123_bytes()
    {
        var reason = new string('r', 123);
        Assert.Equal($"close 1000 {Reading.Show(Encoding.UTF8.GetBytes(reason))}", Client.Messages(Close(1000, reason)));
        Assert.Equal("error ControlTooLong 1002", Client.Messages(Close(1000, reason + "r")));
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("6F6BC3")]
    [InlineData("EDA080")]
    [InlineData("CEBAE1BDB9CF83CEBCCEB5EDA080656469746564")]
    [InlineData("F4908080")]
    public void A_reason_that_is_not_utf8_is_refused(string reason) =>
        Assert.Equal("error Utf8 1007", Client.Messages(Of(Opcode.Close, [0x03, 0xE8, .. Convert.FromHexString(reason)])));

    [Fact]
    public void Every_error_has_a_documented_code()
    {
        foreach (var error in Enum.GetValues<ProtocolError>())
        {
            var code = error.ToDisconnectCode();
            Assert.Contains(code.Code, new ushort[] { 1002, 1003, 1007, 1009 });
            Assert.NotEmpty(code.Reason);
        }
    }
}
