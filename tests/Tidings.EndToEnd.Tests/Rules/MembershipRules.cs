using System.Globalization;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Rules;

public abstract class MembershipRules(string pump) : ServerTests(pump)
{
    [Fact]
    public async Task Who_has_received_the_101_hears_all_that_is_said_from_then_on()
    {
        const int Joiners = 200;
        await using var server = await StartAsync(("Tidings:Limits:QueueBytes", "16MB"));
        using var stop = new CancellationTokenSource();
        var said = 0;
        var speaking = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                // Counted before it is said: whoever has seen a lower count must hear it.
                await server.PublishAsync("lobby", Interlocked.Increment(ref said).ToString(CultureInfo.InvariantCulture));
                if (said % 4 == 0)
                {
                    await Task.Yield();
                }
            }

            await server.PublishAsync("lobby", "end");
        });

        var connected = 0;
        var joining = Enumerable.Range(0, Joiners).Select(_ => Task.Run(async () =>
        {
            await using var socket = await server.ConnectAsync("/ws/lobby");
            var before = Volatile.Read(ref said);
            if (Interlocked.Increment(ref connected) == Joiners)
            {
                await stop.CancelAsync();
            }

            var next = -1;
            while (await socket.ReceiveTextAsync() is var text && text != "[lobby] end")
            {
                var heard = int.Parse(text.AsSpan("[lobby] ".Length), CultureInfo.InvariantCulture);
                if (next < 0)
                {
                    Assert.True(heard <= before + 1, $"said {before} before the 101, first heard {heard}");
                }
                else
                {
                    Assert.Equal(next, heard);
                }

                next = heard + 1;
            }

            Assert.True(next < 0 || next == said + 1, $"heard up to {next - 1} of {said}");
        })).ToList();
        await Task.WhenAll(joining);
        await speaking;
        await server.ExpectIdleAsync();
    }

    [Fact]
    public async Task Rooms_that_empty_and_fill_all_the_time_lose_nothing()
    {
        await using var server = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                await using var socket = await server.ConnectAsync("/ws/door");
                var mine = Guid.NewGuid().ToString();
                await socket.SendTextAsync(mine);
                while (await socket.ReceiveTextAsync() != "[door] " + mine)
                {
                }
            }
        })));
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }
}
