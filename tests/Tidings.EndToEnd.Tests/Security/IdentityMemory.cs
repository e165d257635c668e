using System.Globalization;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Security;

/// <summary>Not a test: run it with <c>-explicit only</c> to see what it costs to know whose a connection is.</summary>
public sealed class IdentityMemory(ITestOutputHelper output)
{
    private const int Count = 2_000;

    [Theory(Explicit = true)]
    [InlineData("/ws/lobby")]
    [InlineData("/connect")]
    public async Task Report(string path)
    {
        await using var server = await TestServer.StartAsync(Pump.Lanes, settings: [TokenMaker.Settings]);
        var tokens = new TokenMaker(TimeProvider.System);
        await MeasureAsync(server, path, 200, static _ => "");
        var anonymous = await MeasureAsync(server, path, Count, static _ => "");
        var known = await MeasureAsync(server, path, Count, i => "?token=" + tokens.Make($"user{i}", id: $"token-{i:D8}", channels: [("chat:*", Tidings.Security.Tokens.TokenActions.Subscribe), ("room:*", Tidings.Security.Tokens.TokenActions.Subscribe)]));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {anonymous} bytes anonymous (the test's own client included), {known - anonymous} more where it is known whose it is"));
    }

    private static async Task<long> MeasureAsync(TestServer server, string path, int count, Func<int, string> query)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var sockets = new List<RawWebSocket>();
        for (var i = 0; i < count; i++)
        {
            sockets.Add(await server.ConnectAsync(path + query(i)));
        }

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / count;
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await Eventually.EqualAsync(0, () => server.Registry.Count, "The number of connections");
        return each;
    }
}
