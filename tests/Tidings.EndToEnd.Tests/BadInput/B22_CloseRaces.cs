using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Ends at the worst moments: nothing of a connection may stay behind, and nobody else may notice.</summary>
public abstract class B22_CloseRaces(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task However_a_thousand_connections_end_nothing_is_left_of_them()
    {
        await using var server = await StartAsync();
        await using (var control = await ControlPair.StartAsync(server.Port))
        {
            await Parallel.ForAsync(0, 1_000, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (seed, _) =>
            {
                try
                {
                    await EndSomehowAsync(server, new Random(seed));
                }
                catch (Exception error)
                {
                    throw new ExpectationException($"With seed {seed}: {error.Message}", error);
                }
            });
            await Eventually.EqualAsync(2, () => server.Registry.Count, "The number of connections");
            await control.ExpectUnharmedAsync();
        }

        await server.ExpectIdleAsync();
        Assert.Equal(0, server.QueuedBytes);
        server.ExpectNothingLogged();
    }

    private static async Task EndSomehowAsync(TestServer server, Random random)
    {
        var path = $"/ws/race{random.Next(3)}";
        if (random.Next(4) == 0)
        {
            await LeaveDuringHandshakeAsync(server, path, random);
            return;
        }

        await using var socket = await server.ConnectAsync(path);
        if (random.Next(2) == 0)
        {
            await socket.SendTextAsync("hello");
        }

        switch (random.Next(7))
        {
            case 0:
                socket.Tcp.Reset();
                break;
            case 1:
                await socket.SendCloseAsync(new[] { 999, 1005, 5000 }[random.Next(3)]);
                await socket.ExpectCloseInTheEndAsync(1002);
                break;
            case 2:
                await socket.SendTogetherAsync(RawFrame.Close(1000), RawFrame.OfText("too late"), RawFrame.Close(1001));
                await socket.ExpectCloseInTheEndAsync(1000);
                break;
            case 3:
                await socket.SendTogetherAsync(RawFrame.OfText("""{"type":"quit"}"""), RawFrame.Close(1001));
                await socket.ExpectCloseInTheEndAsync(1000);
                break;
            case 4:
                await socket.SendTextAsync("""{"type":"quit"}""");
                socket.Tcp.Reset();
                break;
            case 5:
                socket.Tcp.HalfClose();
                while (await socket.TryReceiveAsync() is not null)
                {
                }

                break;
            default:
                await socket.Tcp.SendAsync(RawFrame.OfText("cut in the middle").ToBytes().AsMemory(0, random.Next(1, 15)));
                break;
        }
    }

    private static async Task LeaveDuringHandshakeAsync(TestServer server, string path, Random random)
    {
        var request = RawHandshake.Request(path, server.Port, RawHandshake.NewKey(), []);
        await using var tcp = await RawTcp.ConnectAsync(server.Port);
        await tcp.SendAsync(request[..random.Next(request.Length + 1)]);
        if (random.Next(2) == 0)
        {
            tcp.Reset();
        }
    }
}
