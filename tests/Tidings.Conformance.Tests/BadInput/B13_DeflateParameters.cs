using TestKit;
using Tidings.Conformance.Tests.Client;
using Tidings.Conformance.Tests.Infrastructure;
using Tidings.Protocol.Compression;
using Tidings.Protocol.Frames;

namespace Tidings.Conformance.Tests.BadInput;

/// <summary>B13: hostile parameters of permessage-deflate, from a server to our client and from a client to our server.</summary>
public class B13_DeflateParameters
{
    private const string Asked = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    [Theory]
    [InlineData(Asked + "; server_max_window_bits=99")]
    [InlineData(Asked + "; server_max_window_bits=-1")]
    [InlineData(Asked + "; server_max_window_bits=184467440737095516160")]
    [InlineData(Asked + "; server_max_window_bits")]
    [InlineData(Asked + "; client_max_window_bits=8")]
    [InlineData(Asked + "; unheard_of")]
    [InlineData(Asked + ", " + Asked)]
    [InlineData("permessage-deflate")]
    [InlineData("permessage-bzip2")]
    [InlineData("")]
    [InlineData(";;;")]
    public void A_client_fails_the_connection_on_an_answer_that_it_did_not_ask_for(string answer)
    {
        Assert.False(DeflateOffer.TryAgree(out var terms, answer));
        Assert.Null(terms);
    }

    [Fact]
    public void A_client_that_agreed_on_nothing_refuses_compressed_frames()
    {
        var reader = new MessageReader(fromClient: false, allowCompressed: false);
        Span<byte> input = [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
        var read = reader.Read(ref input, new MessageRules(1000, 1000, Text: true, Binary: true));
        Assert.Equal((MessageEventKind.Error, ProtocolError.ReservedBits), (read.Kind, read.Error));
    }

    [Theory]
    [InlineData(Pump.Lanes)]
    [InlineData(Pump.Streams)]
    public async Task A_server_declines_or_refuses_absurd_offers_and_goes_on(string pump)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var pair = await ControlPair.StartAsync(server.Port);
        string[] offers =
        [
            "permessage-deflate; server_max_window_bits=99", "permessage-deflate; client_max_window_bits=99999999999999999999",
            "permessage-deflate; " + new string('x', 3_000), string.Join(',', Enumerable.Repeat("permessage-deflate", 100)),
            string.Concat(Enumerable.Repeat(";", 4_000)), "permessage-deflate; server_max_window_bits=\"" + new string('\\', 999) + "\"",
        ];
        foreach (var offer in offers)
        {
            try
            {
                await using var client = await WireClient.OpenAsync(server.Port, offer);
                Assert.Null(client.Extensions);
            }
            catch (ConformanceException refused)
            {
                Assert.Contains(" 400 ", refused.Message);
            }
        }

        await pair.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }
}
