using Tidings.Protocol.Compression;

namespace Tidings.Protocol.Tests.Compression;

/// <summary>The client's half: a server, hostile or not, answers what we offered.</summary>
public sealed class Rfc7692_5_1_ClientOfferTests
{
    [Fact]
    public void Our_server_accepts_our_offer_and_our_client_its_answer()
    {
        string? answer = DeflateNegotiation.Accept(DeflateOffer.Value).Answer;

        Assert.NotNull(answer);
        Assert.True(DeflateOffer.TryAgree(out var terms, answer));
        Assert.Equal(DeflateTerms.FullWindow, terms);
    }

    [Fact]
    public void A_server_may_decline()
    {
        Assert.True(DeflateOffer.TryAgree(out var terms));
        Assert.Null(terms);
    }

    [Theory]
    [InlineData("permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-deflate; client_no_context_takeover; server_no_context_takeover")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_max_window_bits=15")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_max_window_bits=8")]
    public void What_a_server_may_add_unasked_is_agreed_to(string answer)
    {
        Assert.True(DeflateOffer.TryAgree(out var terms, answer));
        Assert.Equal(DeflateTerms.FullWindow, terms);
    }

    [Theory]
    [InlineData("permessage-deflate")]
    [InlineData("permessage-deflate; client_no_context_takeover")]
    [InlineData("permessage-deflate; server_no_context_takeover=1")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_no_context_takeover")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_max_window_bits=99")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_max_window_bits=7")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_max_window_bits=-1")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_max_window_bits=99999999999999999999")]
    [InlineData("permessage-deflate; server_no_context_takeover; server_max_window_bits")]
    [InlineData("permessage-deflate; server_no_context_takeover; client_max_window_bits=10")]
    [InlineData("permessage-deflate; server_no_context_takeover; client_max_window_bits")]
    [InlineData("permessage-deflate; server_no_context_takeover; unknown")]
    [InlineData("permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover")]
    [InlineData("permessage-deflate; server_no_context_takeover, permessage-bzip2")]
    [InlineData("permessage-bzip2")]
    [InlineData("permessage-deflate; server_no_context_takeover, ;")]
    public void Any_other_answer_fails_the_connection(string answer)
    {
        Assert.False(DeflateOffer.TryAgree(out var terms, answer));
        Assert.Null(terms);
    }

    [Fact]
    public void An_answer_in_two_lines_is_two_extensions()
    {
        Assert.False(DeflateOffer.TryAgree(out var terms, DeflateOffer.Value, DeflateOffer.Value));
        Assert.Null(terms);
    }

    [Theory]
    [InlineData(";")]
    [InlineData("\"")]
    public void An_answer_that_was_agreed_to_counts_for_nothing_where_the_next_line_is_no_list(string second)
    {
        Assert.False(DeflateOffer.TryAgree(out var terms, "permessage-deflate; server_no_context_takeover", second));
        Assert.Null(terms);
    }
}
