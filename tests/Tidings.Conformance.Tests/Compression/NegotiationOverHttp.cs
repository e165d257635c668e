using TestKit;
using Tidings.Conformance.Tests.Client;
using Tidings.Conformance.Tests.Infrastructure;
using Tidings.Conformance.Tests.Transport;

namespace Tidings.Conformance.Tests.Compression;

/// <summary>RFC 7692 §5.1 and §7.1: what is answered to which offer.</summary>
public abstract class NegotiationOverHttp(string pump)
{
    private const string Plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    [Theory]
    [InlineData(null, null)]
    [InlineData("permessage-deflate", Plain)]
    [InlineData("permessage-deflate; client_max_window_bits", Plain)]
    [InlineData("permessage-deflate; client_max_window_bits=8", Plain)]
    [InlineData("permessage-deflate; client_max_window_bits=15", Plain)]
    [InlineData("permessage-deflate; server_no_context_takeover", Plain)]
    [InlineData("permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits=10", Plain)]
    [InlineData("permessage-deflate; server_max_window_bits=8", Plain + "; server_max_window_bits=8")]
    [InlineData("permessage-deflate; server_max_window_bits=9", Plain + "; server_max_window_bits=9")]
    [InlineData("permessage-deflate; server_max_window_bits=15", Plain + "; server_max_window_bits=15")]
    [InlineData("permessage-deflate; server_max_window_bits", null)]
    [InlineData("permessage-deflate; server_max_window_bits=7", null)]
    [InlineData("permessage-deflate; server_max_window_bits=16", null)]
    [InlineData("permessage-deflate; server_max_window_bits=08", null)]
    [InlineData("permessage-deflate; server_max_window_bits=99999999999", null)]
    [InlineData("permessage-deflate; client_max_window_bits=7", null)]
    [InlineData("permessage-deflate; client_no_context_takeover=1", null)]
    [InlineData("permessage-deflate; client_no_context_takeover; client_no_context_takeover", null)]
    [InlineData("permessage-deflate; unheard_of", null)]
    [InlineData("x-webkit-deflate-frame", null)]
    [InlineData("permessage-bzip2, permessage-deflate", Plain)]
    [InlineData("permessage-deflate; unheard_of, permessage-deflate; server_max_window_bits=10, permessage-deflate", Plain + "; server_max_window_bits=10")]
    [InlineData("permessage-bzip2\r\nSec-WebSocket-Extensions: permessage-deflate", Plain)]
    public async Task An_offer_gets_its_answer(string? offer, string? answer)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var client = await WireClient.OpenAsync(server.Port, offer);
        Assert.Equal(answer, client.Extensions);
        await client.SendAsync(WireFrame.Encode(WireFrame.Text, "hello"u8));
        await client.ExpectTextAsync("hello");
        await client.CloseAsync();
    }

    [Theory]
    [InlineData("permessage-deflate;")]
    [InlineData("permessage-deflate; =8")]
    [InlineData("permessage-deflate; server_max_window_bits=")]
    [InlineData("permessage-deflate; server_max_window_bits=\"8")]
    [InlineData("permessage deflate")]
    [InlineData(";")]
    [InlineData("permessage-deflate, ;")]
    public async Task A_malformed_offer_is_refused(string offer)
    {
        await using var server = await TestServer.StartAsync(pump);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(RawHead.Upgrade(headers: ("Sec-WebSocket-Extensions", offer)));
        await tcp.ExpectStatusAsync(400);
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task Switched_off_every_offer_is_declined()
    {
        await using var server = await TestServer.StartAsync(pump, settings: ("Tidings:Compression:Enabled", "false"));
        await using var client = await WireClient.OpenAsync(server.Port, "permessage-deflate");
        Assert.Null(client.Extensions);
        await client.SendAsync(WireFrame.Encode(WireFrame.Text, RawDeflate.Compress("hello"u8), reserved: 4));
        await client.ExpectFailureAsync(1002);
    }
}

public sealed class NegotiationOnLanes() : NegotiationOverHttp(Pump.Lanes);

public sealed class NegotiationOnStreams() : NegotiationOverHttp(Pump.Streams);
