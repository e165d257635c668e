using Tidings.Protocol.Compression;

namespace Tidings.Protocol.Tests.Compression;

/// <summary>The server's half: which offers are accepted, and with what answer.</summary>
public sealed class Rfc7692_7_1_NegotiationTests
{
    private const string Plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    /// <summary>Among them the offers of §7.1.3 and of the browsers.</summary>
    [Theory]
    [InlineData("permessage-deflate")]
    [InlineData("permessage-deflate; client_max_window_bits")]
    [InlineData("permessage-deflate; client_max_window_bits=8")]
    [InlineData("permessage-deflate; client_max_window_bits=10")]
    [InlineData("permessage-deflate; client_max_window_bits=15")]
    [InlineData("permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits")]
    [InlineData("x-webkit-deflate-frame, permessage-deflate")]
    [InlineData("permessage-bzip2; level=9, permessage-deflate; client_max_window_bits")]
    public void An_offer_is_answered_without_context_takeover_either_way(string offer)
    {
        var negotiation = DeflateNegotiation.Accept(offer);

        Assert.Equal(new DeflateNegotiation(Malformed: false, DeflateTerms.FullWindow, Plain), negotiation);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(14)]
    [InlineData(15)]
    public void Server_max_window_bits_comes_back_and_bounds_what_is_compressed(int bits)
    {
        var negotiation = DeflateNegotiation.Accept($"permessage-deflate; client_max_window_bits; server_max_window_bits={bits}");

        Assert.Equal($"{Plain}; server_max_window_bits={bits}", negotiation.Answer);
        Assert.Equal(new DeflateTerms(bits), negotiation.Terms);
        Assert.True(negotiation.Terms!.Allows(1 << bits));
        Assert.Equal(bits == 15, negotiation.Terms.Allows((1 << bits) + 1));
    }

    /// <summary>§7.1.3: the client prefers a window of 2^10 and lives with any.</summary>
    [Fact]
    public void The_first_valid_offer_is_taken() => Assert.Equal(
        new DeflateTerms(10),
        DeflateNegotiation.Accept("permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; client_max_window_bits").Terms);

    public static readonly TheoryData<string> Declined =
    [
        "unknown",
        "unknown=1",
        "Server_no_context_takeover",
        "server_no_context_takeover=1",
        "client_no_context_takeover=true",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=0",
        "server_max_window_bits=99",
        "server_max_window_bits=08",
        "server_max_window_bits=010",
        "server_max_window_bits=+9",
        "server_max_window_bits=-9",
        "server_max_window_bits=9.0",
        "server_max_window_bits=0x9",
        "server_max_window_bits=1e1",
        "server_max_window_bits=4294967304",
        "server_max_window_bits=18446744073709551624",
        "server_max_window_bits=ten",
        "server_max_window_bits=\"10\"",
        "server_max_window_bits=10; server_max_window_bits=10",
        "server_max_window_bits=10; server_max_window_bits=11",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=09",
        "client_max_window_bits=\"10\"",
        "client_max_window_bits; client_max_window_bits",
        "client_max_window_bits; client_max_window_bits=10",
        "client_max_window_bits; client_no_context_takeover; client_max_window_bits",
    ];

    [Theory]
    [MemberData(nameof(Declined))]
    public void An_invalid_offer_is_declined_and_the_next_one_tried(string parameters)
    {
        string offer = $"permessage-deflate; {parameters}";

        Assert.Equal(default, DeflateNegotiation.Accept(offer));
        Assert.Equal(DeflateTerms.FullWindow, DeflateNegotiation.Accept($"{offer}, permessage-deflate").Terms);
        Assert.Equal(DeflateTerms.FullWindow, DeflateNegotiation.Accept(offer, "permessage-deflate").Terms);
        Assert.Equal(DeflateTerms.FullWindow, DeflateNegotiation.Accept($"permessage-deflate, {offer}").Terms);
    }

    [Theory]
    [InlineData("permessage-bzip2")]
    [InlineData("Permessage-Deflate")]
    [InlineData("permessage-deflate2")]
    [InlineData("permessage-deflat")]
    [InlineData("x; permessage-deflate")]
    public void Other_extensions_are_left_alone(string header) => Assert.Equal(default, DeflateNegotiation.Accept(header));

    [Fact]
    public void Accepting_the_usual_offer_allocates_nothing()
    {
        string[] lines = ["permessage-deflate; client_max_window_bits"];

        Assert.Equal(0, Allocation.Of(() => DeflateNegotiation.Accept(lines)));
    }
}
