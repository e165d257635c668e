using System.Text;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Heads without measure, as CVE-2024-37890 and CVE-2023-43669.</summary>
public abstract class B04_HeaderFlood(string pump) : ServerTests(pump)
{
    [Theory]
    [InlineData(101)]
    [InlineData(2_000)]
    public async Task Too_many_headers_are_answered_431(int count)
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        var headers = Enumerable.Range(0, count).Select(i => ($"X-{i}", (string?)"x")).ToArray();
        Assert.Equal(431, (await server.HandshakeAsync("/ws/lobby", headers)).Status);
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task A_header_of_20_MB_in_small_pieces_is_cut_off_at_its_beginning()
    {
        const int Piece = 100;
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync("GET /ws/lobby HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
        var piece = Encoding.ASCII.GetBytes(new string('x', Piece));
        var sent = 0;
        while (sent < 20_000_000 && await tcp.TrySendAsync(piece))
        {
            sent += Piece;
        }

        Assert.InRange(sent, 30_000, 8_000_000);
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }

    [Theory]
    [InlineData("/ws/" + "%41%41%41%41", 4_000, 414)]
    [InlineData("/ws/lobby?x=", 9_000, 414)]
    public async Task A_request_line_that_is_too_long_is_answered_414(string path, int more, int status)
    {
        await using var server = await StartAsync();
        var response = await server.HandshakeAsync(path + string.Concat(Enumerable.Repeat("%41", more)));
        Assert.Equal(status, response.Status);
    }
}
