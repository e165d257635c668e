using System.Text;
using System.Text.Json;
using Tidings.Faults.Checking;
using Tidings.Faults.Processes;
using Tidings.Faults.Readers;
using Tidings.Faults.World;

namespace Tidings.Faults.Scenarios;

/// <summary>The nodes' clocks are 10 s and an hour apart, and jump both ways while messages flow.</summary>
internal sealed class F16ClockJumps() : Scenario("F16", "the nodes' clocks are an hour apart, and jump")
{
    private static readonly TimeSpan[] Apart = [TimeSpan.Zero, TimeSpan.FromSeconds(10), -TimeSpan.FromHours(1)];

    private static readonly TimeSpan[] Jumps =
        [TimeSpan.FromHours(1), -TimeSpan.FromHours(1), TimeSpan.FromSeconds(10), -TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1), -TimeSpan.FromSeconds(1), TimeSpan.Zero];

    private readonly List<string> _slips = [];
    private int _ended;

    protected override WorldOptions Options(ScenarioSettings settings) => settings.Full
        ? new WorldOptions { OwnClocks = true, Channels = 24, WebSockets = 6, EventStreams = 2, Polls = 1, Clients = 1, Rate = 300, Publishers = 32, DurablePart = 0.5 }
        : new WorldOptions { OwnClocks = true, DurablePart = 0.5 };

    protected override async Task BreakAsync(FaultWorld world, Verdict verdict, ScenarioSettings settings, CancellationToken cancellationToken)
    {
        var before = Closes(world);
        foreach (var (node, offset) in world.Nodes.Zip(Apart))
        {
            await node.SetClockAsync(offset);
        }

        for (var round = 0; round < (settings.Full ? 40 : 7); round++)
        {
            var node = world.Nodes[round % world.Nodes.Count];
            await node.SetClockAsync(Jumps[round % Jumps.Length]);
            verdict.Broke();
            await RevokeAsync(world, node, $"user{round}", cancellationToken);
            await PauseAsync(world, 0.2, settings.Full ? 3 : 0.6, cancellationToken);
        }

        _ended = Closes(world) - before;
    }

    protected override void JudgeMore(FaultWorld world, LedgerReport report, Verdict verdict)
    {
        verdict.Measure("connections ended", $"{_ended}");
        verdict.Require(_ended == 0, $"{_ended} connections ended, though nothing but clocks has changed");
        verdict.Require(report.Gaps == 0, $"{report.Gaps} gaps, though all was kept");
        verdict.Require(_slips.Count == 0, string.Join("; ", _slips));
    }

    // Readers that come back by themselves, as polls do, are not counted.
    private static int Closes(FaultWorld world) => world.Subscribers.Where(static reader => reader is WebSocketReader or EventStreamReader).Sum(static reader => reader.CloseCodes.Count);

    // Revoked by the node whose clock has just jumped: a token from before holds nowhere, whatever any of the clocks says.
    private async Task RevokeAsync(FaultWorld world, ServerNode by, string user, CancellationToken cancellationToken)
    {
        var token = NodeSettings.TokenOf(user);
        var right = world.Nodes.Where(node => node.Clock!.Offset > -TimeSpan.FromSeconds(25)).ToList();
        foreach (var node in right)
        {
            if (await PollAsync(world, node, token, cancellationToken) != 200)
            {
                _slips.Add($"{node.Name} refused a good token of {user}");
            }
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(by.Address, "/api/disconnect"))
        {
            Content = new StringContent(JsonSerializer.Serialize(new { user, revoke = true }), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = NodeSettings.Authorization;
        using var answer = await world.Http.SendAsync(request, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            _slips.Add($"{by.Name} did not revoke {user}: {(int)answer.StatusCode}");
            return;
        }

        foreach (var node in world.Nodes)
        {
            if (await PollAsync(world, node, token, cancellationToken) == 200)
            {
                _slips.Add($"{node.Name} let {user} in, whom {by.Name} had revoked");
            }
        }
    }

    private static async Task<int> PollAsync(FaultWorld world, ServerNode node, string token, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Address, "/connect?wait=0"));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var answer = await world.Http.SendAsync(request, cancellationToken);
        return (int)answer.StatusCode;
    }
}
