using System.Text;
using Tidings.Protocol.Compression;

namespace Tidings.Protocol.Tests.Compression;

/// <summary>The examples of RFC 7692, as payloads of whole messages.</summary>
public sealed class Rfc7692_7_2_3_SamplesTests
{
    /// <summary>§7.2.3.1, also in two fragments, f2 48 cd and c9 c9 07 00.</summary>
    private const string OneBlock = "F248CDC9C90700";

    [Theory]
    [InlineData(OneBlock, "Hello")]
    [InlineData("000500FAFF48656C6C6F00", "Hello")] // §7.2.3.3: a block without compression
    [InlineData("F348CDC9C9070000", "Hello")] // §7.2.3.4: BFINAL set
    [InlineData("F248050000 00FFFF CAC9C90700", "Hello")] // §7.2.3.5: two blocks
    [InlineData("00", "")] // §7.2.3.6: an empty fragment
    public void A_sample_inflates(string hex, string message)
    {
        var (result, bytes) = Inflated.Of(Hex(hex));

        Assert.Equal(InflateResult.Ok, result);
        Assert.Equal(message, Encoding.UTF8.GetString(bytes));
    }

    /// <summary>Hello alone does not shrink; four of them begin with the sample's five letters.</summary>
    [Fact]
    public void Section_7_2_3_1_is_how_the_deflater_begins() =>
        Assert.Equal(Hex(OneBlock)[..5], Inflated.Deflate("HelloHelloHelloHello"u8, level: 1)![..5]);

    /// <summary>§7.2.3.2 has a second Hello refer to the first: nobody may send us that, since we always answer no_context_takeover.</summary>
    [Fact]
    public void Section_7_2_3_2_a_reference_to_an_earlier_message_is_corrupt()
    {
        Assert.Equal(InflateResult.Ok, Inflated.Of(Hex(OneBlock)).Result);
        Assert.Equal(InflateResult.Corrupt, Inflated.Of(Hex("F200110000")).Result);
    }

    [Theory]
    [InlineData("F348CDC9C90700 F348CDC9C90700 00", "HelloHello")]
    [InlineData("F348CDC9C90700 F248CDC9C90700", "HelloHello")]
    [InlineData("010500FAFF48656C6C6F F348CDC9C90700 000500FAFF48656C6C6F 00", "HelloHelloHello")]
    [InlineData("F348CDC9C90700", "Hello")] // the 00 that should follow left out: the message is whole
    [InlineData("0300 00", "")]
    [InlineData("0300", "")]
    public void Section_7_2_3_4_what_follows_a_final_block_belongs_to_the_message(string hex, string message)
    {
        var (result, bytes) = Inflated.Of(Hex(hex));

        Assert.Equal(InflateResult.Ok, result);
        Assert.Equal(message, Encoding.UTF8.GetString(bytes));
    }

    [Theory]
    [InlineData("F348CDC9C90700 FF")]
    [InlineData("F348CDC9C90700 F348CD")]
    [InlineData("F348CDC9C90700 F200110000")] // a reference beyond the final block
    [InlineData("F348CDC9C907")] // the final block's last bits come from the tail only
    public void Section_7_2_3_4_what_follows_a_final_block_is_checked(string hex) =>
        Assert.Equal(InflateResult.Corrupt, Inflated.Of(Hex(hex)).Result);

    [Fact]
    public void Section_7_2_3_4_a_message_has_at_most_sixteen_final_blocks()
    {
        string sixteen = string.Concat(Enumerable.Repeat("0300", MessageInflater.MaxFinalBlocks - 1));

        Assert.Equal(InflateResult.Ok, Inflated.Of(Hex(sixteen + OneBlock)).Result);
        Assert.Equal(InflateResult.Corrupt, Inflated.Of(Hex(sixteen + "0300" + OneBlock)).Result);
    }

    /// <summary>Final blocks that end far from the payload's end, and at each distance from the end of a read.</summary>
    [Fact]
    public void Section_7_2_3_4_a_final_block_may_end_anywhere()
    {
        for (int length = 2030; length < 2060; length++)
        {
            // Stored: 5 bytes of header and the data, so that these ends lie around the source's 2048 bytes a read.
            byte[] data = new byte[length];
            Array.Fill(data, (byte)'x');
            byte[] block = [0x01, (byte)length, (byte)(length >> 8), (byte)~length, (byte)(~length >> 8), .. data];

            var (result, bytes) = Inflated.Of([.. block, .. block, .. Hex(OneBlock)]);

            Assert.Equal(InflateResult.Ok, result);
            Assert.Equal([.. data, .. data, .. "Hello"u8], bytes);
        }
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
