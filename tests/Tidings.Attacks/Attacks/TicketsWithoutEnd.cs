using TestKit;

namespace Tidings.Attacks.Attacks;

/// <summary>B50: one token that takes tickets without end, and opens streams with them.</summary>
internal sealed class TicketsWithoutEnd : Attack
{
    private static readonly string Ask = Target.Post("/api/tickets", 0, $"Authorization: Bearer {Target.TokenOf("ann")}\r\n");

    public override string Id => "tickets";

    public override string What => "one token that takes all tickets";

    public override async Task StrikeAsync(Target target, int worker, CancellationToken stop)
    {
        await using var socket = await target.ConnectAsync();
        for (var i = 0; i < 1_000 && !stop.IsCancellationRequested; i++)
        {
            await socket.SendAsync(Ask);
            var answer = await socket.ReadResponseAsync();
            if (answer.Status != 200)
            {
                throw new ExpectationException($"{answer.Status}");
            }
        }
    }
}
