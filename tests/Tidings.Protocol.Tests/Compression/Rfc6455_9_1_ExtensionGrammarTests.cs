using Tidings.Protocol.Compression;

namespace Tidings.Protocol.Tests.Compression;

/// <summary>The grammar of <c>Sec-WebSocket-Extensions</c>: what is a list, and how much of one is read.</summary>
public sealed class Rfc6455_9_1_ExtensionGrammarTests
{
    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(",")]
    [InlineData(" ,\t, ")]
    [InlineData(";")]
    [InlineData("; a")]
    [InlineData("=")]
    [InlineData("a;")]
    [InlineData("a; ")]
    [InlineData("a;,b")]
    [InlineData("a;;b")]
    [InlineData("a; b=")]
    [InlineData("a; b= ")]
    [InlineData("a; b=,c")]
    [InlineData("a; b=;c")]
    [InlineData("a; =1")]
    [InlineData("a=1")]
    [InlineData("a b")]
    [InlineData("a; b c")]
    [InlineData("a; b=c d")]
    [InlineData("a; b==c")]
    [InlineData("a; b=c=d")]
    [InlineData("a/b")]
    [InlineData("a; b/c")]
    [InlineData("a; b=c/d")]
    [InlineData("a; b=\"")]
    [InlineData("a; b=\"c")]
    [InlineData("a; b=\"\"")]
    [InlineData("a; b=\"c\"d")]
    [InlineData("a; b=\"c d\"")]
    [InlineData("a; b=\"c\\")]
    [InlineData("a; b=\"c\\\"")]
    [InlineData("a; b=\"\\\"\"")]
    [InlineData("a; \"b\"")]
    [InlineData("\"a\"")]
    [InlineData("a\0")]
    [InlineData("a\r\nb: c")]
    [InlineData("a\u00A0")]
    [InlineData("permessage-deflat\u00E9")]
    [InlineData("permessage-deflate; server_max_window_bits=\uFF11\uFF10")]
    public void A_header_that_is_no_extension_list_is_malformed(string header)
    {
        Assert.Equal(new DeflateNegotiation(Malformed: true, null, null), DeflateNegotiation.Accept(header));
        Assert.True(DeflateNegotiation.Accept("permessage-deflate, " + header).Malformed ^ IsEmptyList(header));
        Assert.False(DeflateOffer.TryAgree(out var terms, header));
        Assert.Null(terms);
    }

    [Theory]
    [InlineData("permessage-deflate")]
    [InlineData(" \tpermessage-deflate\t ")]
    [InlineData(",permessage-deflate,")]
    [InlineData(", ,\t, permessage-deflate , ,")]
    [InlineData("permessage-deflate;client_max_window_bits")]
    [InlineData("permessage-deflate ; client_max_window_bits = 15 ")]
    [InlineData("x; a=\"b\\c\"; d=e; f,permessage-deflate")]
    [InlineData("!#$%&'*+-.^_`|~09azAZ, permessage-deflate, permessage-deflate; x")]
    public void White_space_and_empty_elements_may_stand_where_the_list_rule_has_them(string header) =>
        Assert.Equal(DeflateTerms.FullWindow, DeflateNegotiation.Accept(header).Terms);

    [Fact]
    public void Several_lines_are_one_list()
    {
        Assert.Equal(new DeflateTerms(9), DeflateNegotiation.Accept("x-other", "", "permessage-deflate; server_max_window_bits=9").Terms);
        Assert.True(DeflateNegotiation.Accept("permessage-deflate", "a;").Malformed);
        Assert.True(DeflateNegotiation.Accept("permessage-deflate; server_max_window_bits", "=9").Malformed);
        Assert.True(DeflateNegotiation.Accept("", null, " ").Malformed);
    }

    [Fact]
    public void No_line_offers_nothing() => Assert.Equal(default, DeflateNegotiation.Accept());

    [Fact]
    public void Sixteen_extensions_are_read_and_no_more()
    {
        string fifteen = string.Join(',', Enumerable.Repeat("x", 15));
        Assert.NotNull(DeflateNegotiation.Accept(fifteen, "permessage-deflate").Terms);
        Assert.True(DeflateNegotiation.Accept(fifteen, "permessage-deflate", "y").Malformed);
    }

    [Fact]
    public void Sixteen_parameters_are_read_and_no_more()
    {
        Assert.False(DeflateNegotiation.Accept("x" + string.Concat(Enumerable.Repeat("; p=1", 16))).Malformed);
        Assert.True(DeflateNegotiation.Accept("x" + string.Concat(Enumerable.Repeat("; p=1", 17))).Malformed);
    }

    [Fact]
    public void Four_KiB_are_read_and_no_more()
    {
        string name = new('x', DeflateHeader.MaxLength);
        Assert.False(DeflateNegotiation.Accept(name).Malformed);
        Assert.True(DeflateNegotiation.Accept(name + "x").Malformed);
        Assert.False(DeflateNegotiation.Accept(name[..2000], name[..2095]).Malformed);
        Assert.True(DeflateNegotiation.Accept(name[..2000], name[..2096]).Malformed);
        Assert.True(DeflateNegotiation.Accept([.. Enumerable.Repeat("", 4098)]).Malformed);
    }

    /// <summary>Linear: every read takes at least one character, so a line has at most as many items as characters, and they allocate nothing.</summary>
    [Theory]
    [InlineData(" ")]
    [InlineData(",")]
    [InlineData("a,")]
    [InlineData("a;b=c,")]
    [InlineData("a;b=\"c\",")]
    [InlineData("a; b=\"\\c")]
    [InlineData("a ; ")]
    [InlineData("\t =")]
    public void Hostile_repetition_costs_a_step_a_character_and_no_memory(string unit)
    {
        string line = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length));
        int steps = 0;
        long allocated = Allocation.Of(() =>
        {
            var reader = new ExtensionReader(line);
            for (steps = 0; reader.Read() is ExtensionItem.Extension or ExtensionItem.Parameter; steps++)
            {
            }
        });

        Assert.InRange(steps, 0, line.Length);
        Assert.Equal(0, allocated);
        Assert.True(DeflateNegotiation.Accept(line).Malformed);
    }

    /// <summary>Any text at all is accepted, declined or malformed. Any seed will do; a failure names its own.</summary>
    [Fact]
    public void Random_headers_never_throw()
    {
        const int Seed = 6455;
        string[] pieces = ["permessage-deflate", "server_max_window_bits", "client_max_window_bits", ";", ";", "=", ",", "\"", "\\", " ", "\t", "8", "15", "é", "\0"];
        var random = new Random(Seed);
        for (int round = 0; round < 20_000; round++)
        {
            string header = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            var negotiation = DeflateNegotiation.Accept(header);
            bool consistent = (negotiation.Terms is null) == (negotiation.Answer is null) && !(negotiation.Malformed && negotiation.Terms is not null);
            Assert.True(consistent, $"seed {Seed}, round {round}: {header}");
            Assert.False(DeflateOffer.TryAgree(out _, header) && negotiation.Malformed, $"seed {Seed}, round {round}: {header}");
        }
    }

    private static bool IsEmptyList(string header) => header.AsSpan().Trim(" \t,").IsEmpty;
}
