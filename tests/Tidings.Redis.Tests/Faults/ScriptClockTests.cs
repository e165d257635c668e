using System.Globalization;
using Tidings.Redis.Servers;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Faults;

/// <summary>Redis' own clock is set ahead or back: the scripts, run at whatever time a test says.</summary>
public sealed class ScriptClockTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private const long Minute = 60_000;
    private const long Hour = 60 * Minute;
    private const string Life = "10000";

    private readonly string _name = Guid.NewGuid().ToString("n");
    private readonly long _noon = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task What_was_kept_while_the_clock_was_ahead_goes_in_time_though_nothing_new_is_said()
    {
        await PublishAsync(_noon + Hour, "ahead");
        Assert.Equal(1, await CountAsync(_noon));
        Assert.Equal(1, await CountAsync(_noon + (9 * Minute)));
        Assert.Equal(0, await CountAsync(_noon + (11 * Minute)));
    }

    [Fact]
    public async Task What_is_said_after_the_clock_was_set_back_is_kept_for_as_long_as_it_is_to_be()
    {
        await PublishAsync(_noon + Hour, "ahead");
        await PublishAsync(_noon, "behind");
        await PublishAsync(_noon + (5 * Minute), "later");
        Assert.Equal(3, await CountAsync(_noon + (9 * Minute)));
        Assert.Equal(1, await CountAsync(_noon + (11 * Minute)));
        Assert.Equal(0, await CountAsync(_noon + (16 * Minute)));
    }

    [Fact]
    public async Task Offsets_go_on_and_messages_say_the_time_of_the_clock()
    {
        foreach (var at in new[] { _noon, _noon - Hour, _noon - Hour + Minute })
        {
            await PublishAsync(at, "x");
        }

        var read = await RunAsync(RedisScript.Read, _noon - Hour + Minute, LogKeys, [await GenerationAsync(), "", "0", "10", "1000000"]);
        Assert.Contains($"{_noon - Hour}", read, StringComparison.Ordinal);
        Assert.Equal(3, await CountAsync(_noon - Hour + Minute));
        Assert.Equal("3", await redis.Server.AskAsync("HGET", $"tidings:log:{_name}", "o"));
    }

    [Fact]
    public async Task A_lease_that_began_while_the_clock_was_ahead_ends_in_time()
    {
        await LeaseAsync(_noon + Hour, "dead", begins: true);
        await LeaseAsync(_noon + Hour, "alive", begins: true);
        Assert.Equal(["held"], await LeaseAsync(_noon, "alive", sinceRenewal: 3000));
        Assert.Equal(["held"], await LeaseAsync(_noon + 3000, "alive", sinceRenewal: 3000));
        Assert.Equal(["held"], await LeaseAsync(_noon + 6000, "alive", sinceRenewal: 3000));
        Assert.Equal(["held", "dead"], await LeaseAsync(_noon + 11_000, "alive", sinceRenewal: 5000));
    }

    [Fact]
    public async Task A_clock_that_is_set_ahead_ends_no_lease_of_the_living()
    {
        await LeaseAsync(_noon - 4000, "dying", begins: true);
        await LeaseAsync(_noon, "one", begins: true);
        await LeaseAsync(_noon, "two", begins: true);
        Assert.Equal(["held"], await LeaseAsync(_noon + Hour + 3000, "one", sinceRenewal: 3000));
        Assert.Equal(["held"], await LeaseAsync(_noon + Hour + 3000, "two", sinceRenewal: 3000));
        Assert.Equal(["held", "dying"], await LeaseAsync(_noon + Hour + 6500, "one", sinceRenewal: 3500));
    }

    [Fact]
    public async Task A_node_that_stood_still_has_lost_its_lease_whoever_else_there_is()
    {
        await LeaseAsync(_noon, "slow", begins: true);
        Assert.Equal(["ended"], await LeaseAsync(_noon + 11_000, "slow", sinceRenewal: 11_000));

        // And where its own clock stood still with it.
        await LeaseAsync(_noon, "asleep", begins: true);
        await LeaseAsync(_noon + 11_000, "awake", begins: true);
        Assert.Equal(["ended"], await LeaseAsync(_noon + 11_000, "asleep", sinceRenewal: 3000));
    }

    [Fact]
    public async Task The_claim_to_a_name_is_larger_than_the_one_before()
    {
        var (keys, leases) = ((string[])[$"tidings:client:{_name}", Leases, $"tidings:lease:{_name}:clients"], new[] { "one", "two" });
        foreach (var lease in leases)
        {
            await LeaseAsync(_noon, lease, begins: true);
        }

        var first = await ClaimAsync(keys, "one", _noon + 9000);
        Assert.True(await ClaimAsync(keys, "two", _noon - Hour) > first);
    }

    [Fact]
    public async Task A_task_is_due_in_time()
    {
        string[] task = [$"tidings:task:{_name}", $"{_name}:due", $"{_name}:clock"];
        await RunAsync(RedisScript.PutTask, _noon + Hour, task, [_name, "1", "{}", "30000", "60000", ""]);
        Assert.Equal("*0", await DueAsync(_noon));
        Assert.Equal("*0", await DueAsync(_noon + 29_000));
        Assert.NotEqual("*0", await DueAsync(_noon + 31_000));
    }

    private string Leases => $"tidings:leases:{_name}";

    private string[] LogKeys => ["tidings:generation", $"tidings:log:{_name}", $"tidings:stream:{_name}"];

    private async Task<string> GenerationAsync()
    {
        if (await redis.Server.AskAsync("HGET", "tidings:generation", "id") is { Length: 16 } known)
        {
            return known;
        }

        await using var world = new RedisWorld(redis.Server.Address);
        await world.NodeAsync();
        return await redis.Server.AskAsync("HGET", "tidings:generation", "id");
    }

    // Ten minutes of at most ten messages.
    private async Task PublishAsync(long at, string text) => await RunAsync(
        RedisScript.Publish,
        at,
        [.. LogKeys, LogKeys[1]],
        [await GenerationAsync(), "epoch", "10", $"{10 * Minute}", "nobody", $"{{}}\n\"{text}\"", "0", "0", "7200000"]);

    private async Task<int> CountAsync(long at)
    {
        var answer = await RunAsync(RedisScript.Read, at, LogKeys, [await GenerationAsync(), "", "0", "10", "1000000"]);
        return answer.Split("{}\n").Length - 1;
    }

    private async Task<string[]> LeaseAsync(long at, string lease, bool begins = false, long sinceRenewal = 0)
    {
        var answer = await RunAsync(RedisScript.Lease, at, [Leases, $"{_name}:spread"], [lease, Life, begins ? "1" : "0", "1000000", Life, $"{sinceRenewal}", "0", "jump 1 of 1", ""]);
        return [.. answer.Split("\r\n").Where(static line => line[0] is not ('*' or '$'))];
    }

    private async Task<long> ClaimAsync(string[] keys, string lease, long at) => long.Parse(
        (await RunAsync(RedisScript.ClientClaim, at, keys, [lease, "", _name, "Replace", "0", "100000", "nobody", "node", "", "0"])).TrimStart(':'), CultureInfo.InvariantCulture);

    private Task<string> DueAsync(long at) => RunAsync(RedisScript.DueTasks, at, [$"{_name}:due", $"{_name}:clock"], ["tidings:task:", "10", "due"]);

    private async Task<string> RunAsync(RedisScript script, long at, string[] keys, string[] arguments)
    {
        var time = $"{{'{at / 1000}', '{at % 1000 * 1000}'}}";
        var answer = await redis.Server.SendAsync(["EVAL", script.TextFor(new RedisKeys("tidings:")).Replace("redis.call('TIME')", time, StringComparison.Ordinal), $"{keys.Length}", .. keys, .. arguments]);
        Assert.False(answer.StartsWith('-'), answer);
        return answer;
    }
}
