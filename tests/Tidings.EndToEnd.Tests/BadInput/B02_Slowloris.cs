using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Connections that begin something and never finish it, as CVE-2023-38180.</summary>
public abstract class B02_Slowloris(string pump) : ServerTests(pump)
{
    private const int Attackers = 100;

    // In real time: Kestrel's own limit on heads knows no other.
    [Fact]
    public async Task Dripping_heads_and_half_frames_are_cut_within_15_s()
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        var heads = await Task.WhenAll(Enumerable.Range(0, Attackers).Select(_ => RawTcp.ConnectAsync(server.Port)));
        var frames = await Task.WhenAll(Enumerable.Range(0, Attackers).Select(_ => server.ConnectAsync("/ws/victim?ping=frame")));
        foreach (var head in heads)
        {
            await head.SendAsync("GET /ws/victim HTTP/1.1\r\nX-Slow: ");
        }

        foreach (var frame in frames)
        {
            await frame.Tcp.SendAsync(RawFrame.OfText("half of me").ToBytes().AsMemory(0, 9));
        }

        var dripping = heads.ToList();
        await Eventually.TrueAsync(
            async () =>
            {
                foreach (var head in dripping.ToList())
                {
                    if (!await head.TrySendAsync("x"u8.ToArray()))
                    {
                        dripping.Remove(head);
                    }
                }

                return dripping.Count == 0;
            },
            () => $"{dripping.Count} heads are cut");
        foreach (var frame in frames)
        {
            await frame.ExpectCloseAsync(1001);
            await frame.DisposeAsync();
        }

        foreach (var head in heads)
        {
            await head.DisposeAsync();
        }

        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }
}
