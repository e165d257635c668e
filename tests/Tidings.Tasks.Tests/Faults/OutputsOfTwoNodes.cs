using System.Text;
using System.Text.Json;
using TestKit;
using Tidings.Streams;

namespace Tidings.Tasks.Tests.Faults;

/// <summary>Outputs over two nodes with one Redis: written on one, watched and cancelled on the other.</summary>
public sealed class OutputsOfTwoNodes
{
    [Fact]
    public async Task What_one_node_writes_the_other_shows_and_whoever_cancels_stops_it()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var first = await StartAsync(redis);
        await using var second = await StartAsync(redis);
        var stopped = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new StringBuilder();
        first.Services.Node.Tasks.Starting.Add(new TaskKind("say", async (run, cancelled) =>
        {
            using var registered = cancelled.Register(() => stopped.TrySetResult(TimeProvider.System.GetTimestamp()));
            for (var i = 0; ; i++)
            {
                var word = $"{i} ";
                await run.Output.WriteAsync(word, cancelled);
                said.Append(word);
                await Task.Delay(5, cancelled);
            }
        }));
        await first.Services.Node.Tasks.Facade.StartAsync("say", 0, new TaskStartOptions { Id = "a", AllowCancel = ChannelAccess.Anyone });
        await using var here = await first.ConnectAsync("/ws/tasks/a?output=true");
        await using var there = await second.ConnectAsync("/ws/tasks/a?output=true");
        var (texts, statuses) = (new StringBuilder[] { new(), new() }, new string?[2]);
        var viewing = new[] { here, there }.Select((viewer, i) => Task.Run(async () =>
        {
            while (statuses[i] is null)
            {
                var message = JsonDocument.Parse(await viewer.ReceiveTextAsync(TimeSpan.FromSeconds(20))).RootElement;
                if (message.TryGetProperty("text", out var text))
                {
                    Assert.Equal(texts[i].Length, message.GetProperty("offset").GetInt64());
                    texts[i].Append(text.GetString());
                }
                else if (message.TryGetProperty("type", out var type) && type.ValueEquals("end"))
                {
                    statuses[i] = message.GetProperty("status").GetString();
                }
            }
        })).ToArray();
        await Eventually.TrueAsync(() => Task.FromResult(texts[1].Length > 500), () => "the other node shows it");
        var asked = TimeProvider.System.GetTimestamp();
        await there.SendTextAsync("""{"type":"cancel"}""");
        var took = TimeProvider.System.GetElapsedTime(asked, await stopped.Task.WaitAsync(TimeSpan.FromSeconds(10)));
        TestContext.Current.SendDiagnosticMessage($"cancelled within {took.TotalMilliseconds:0} ms");
        await Task.WhenAll(viewing);
        Assert.Equal(["cancelled", "cancelled"], statuses);
        Assert.Equal(texts[0].ToString(), texts[1].ToString());
        Assert.StartsWith(texts[0].ToString(), said + "0 1 2", StringComparison.Ordinal);
        Assert.Equal(StreamVerdict.Closed, (await second.Services.Node.Tasks.Registry.Outputs.AppendAsync("a", "late"u8.ToArray(), null, false)).Verdict);
    }

    private static Task<TestServer> StartAsync(RedisServer redis) => TestServer.StartAsync("lanes", settings: [("Tidings:Redis", redis.Address), ("Tidings:Tasks:Lease", "5s")]);
}
