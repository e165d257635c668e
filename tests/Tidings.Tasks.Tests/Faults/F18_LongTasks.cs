using System.Net;
using System.Net.Http.Headers;
using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Protocol;

namespace Tidings.Tasks.Tests.Faults;

/// <summary>F18: workers that are killed at random, two reporters for each task on two nodes, viewers that lose their connections.</summary>
public sealed class F18_LongTasks
{
    private const int Tasks = 100;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Progress_never_goes_back_each_task_ends_once_and_none_runs_for_ever()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TIDINGS_SEED"), out var one) ? one : 18;
        await using var redis = await RedisServer.StartAsync();
        await using var first = await StartAsync(redis);
        await using var second = await StartAsync(redis);
        TestServer[] nodes = [first, second];
        var histories = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(i => FollowAsync(nodes, $"f18-{i}", new Random(seed + i))).ToArray()).WaitAsync(Limit);
        var violations = histories.SelectMany(static history => history).ToList();
        Assert.True(violations.Count == 0, $"TIDINGS_SEED={seed}: {violations.Count} violations, as {string.Join("; ", violations.Take(5))}");
        for (var i = 0; i < Tasks; i++)
        {
            var log = await first.Services.Broker.ReadAsync(TaskId.ChannelOf($"f18-{i}"), new HistoryRequest(null, 10));
            Assert.True(TaskStateJson.Read(log.Messages[^1].Data.ToJson().Span)!.IsFinal);
        }
    }

    private static Task<TestServer> StartAsync(RedisServer redis) =>
        TestServer.StartAsync("lanes", settings: [("Tidings:Redis", redis.Address), ("Tidings:Tasks:Lease", "3s")]);

    // One task, its two workers, of which neither may be there in the end, and its two viewers. Returns what went wrong.
    private static async Task<List<string>> FollowAsync(TestServer[] nodes, string id, Random random)
    {
        await SendAsync(nodes[0], HttpMethod.Post, "/api/tasks", $$"""{"name":"work","task_id":"{{id}}"}""");
        var workers = nodes.Select((node, i) => WorkAsync(node, id, new Random(random.Next()))).ToArray();
        var viewers = nodes.Select(node => ViewAsync(node, id, new Random(random.Next()))).ToArray();
        var lastReport = (await Task.WhenAll(workers)).Max();
        var seen = await Task.WhenAll(viewers);
        var faults = new List<string>();
        foreach (var states in seen)
        {
            for (var i = 1; i < states.Count; i++)
            {
                if (states[i].State.Progress < states[i - 1].State.Progress || states[i].State.Status < states[i - 1].State.Status)
                {
                    faults.Add($"{id} went back from {states[i - 1].State} to {states[i].State}");
                }
            }

            if (states.Where(static state => state.State.IsFinal).Select(static state => state.State).Distinct().Count() != 1)
            {
                faults.Add($"{id} had not one end");
            }

            // A second for a machine that does all of this at once.
            var late = TimeProvider.System.GetElapsedTime(lastReport, states.First(static state => state.State.IsFinal).At) - Lease;
            if (late > TimeSpan.FromSeconds(1))
            {
                faults.Add($"{id} ended {late.TotalSeconds:0.0} s after its lease");
            }
        }

        if (seen[0][^1].State != seen[1][^1].State)
        {
            faults.Add($"{id} ended in two ways");
        }

        return faults;
    }

    // Reports in any order, repeats itself, and is killed half-way more often than not. Returns when it was last heard.
    private static async Task<long> WorkAsync(TestServer node, string id, Random random)
    {
        var dies = random.Next(3) > 0 ? random.Next(1, 15) : int.MaxValue;
        for (var i = 1; i <= 15; i++)
        {
            await Task.Delay(random.Next(10, 80));
            if (i == dies)
            {
                return TimeProvider.System.GetTimestamp();
            }

            var progress = (i * 6) + random.Next(-10, 10);
            if (await SendAsync(node, HttpMethod.Put, "/api/tasks/" + id, $$"""{"progress":{{Math.Max(0, progress)}},"message":"{{i}}"}""") == HttpStatusCode.Conflict)
            {
                return TimeProvider.System.GetTimestamp();
            }
        }

        var end = random.Next(2) == 0 ? """{"status":"completed","result":1}""" : """{"status":"failed","error":"no"}""";
        await SendAsync(node, HttpMethod.Put, "/api/tasks/" + id, end);
        await SendAsync(node, HttpMethod.Put, "/api/tasks/" + id, end);
        return TimeProvider.System.GetTimestamp();
    }

    private static async Task<List<(TaskState State, long At)>> ViewAsync(TestServer node, string id, Random random)
    {
        var seen = new List<(TaskState State, long At)>();
        while (seen.Count == 0 || !seen[^1].State.IsFinal)
        {
            await using var socket = await node.ConnectAsync("/ws/tasks/" + id);
            for (var left = random.Next(1, 10); left > 0; left--)
            {
                if (await socket.TryReceiveAsync() is not { Opcode: RawFrame.TextOpcode } frame)
                {
                    break;
                }

                if (TaskStateJson.Read(frame.Payload) is not { } state)
                {
                    // A heartbeat.
                    continue;
                }

                seen.Add((state, TimeProvider.System.GetTimestamp()));
                if (state.IsFinal)
                {
                    break;
                }
            }
        }

        return seen;
    }

    private static async Task<HttpStatusCode> SendAsync(TestServer node, HttpMethod method, string path, string json)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        using var response = await node.Http.SendAsync(request);
        return response.StatusCode;
    }
}
