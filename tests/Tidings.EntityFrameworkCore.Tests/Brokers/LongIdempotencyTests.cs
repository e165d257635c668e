using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Testing;

namespace Tidings.EntityFrameworkCore.Tests.Brokers;

public sealed class LongIdempotencyTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly MemoryBroker _broker;

    public LongIdempotencyTests() => _broker = new MemoryBroker(new Hub(_time), _time);

    [Fact]
    public async Task A_long_window_outlasts_the_usual_one()
    {
        var first = await PublishAsync("a");
        _time.Advance(TimeSpan.FromHours(23));
        Assert.Equal(first, await PublishAsync("a"));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.NotEqual(first, await PublishAsync("a"));
    }

    [Fact]
    public async Task What_is_released_is_forgotten_and_makes_room()
    {
        for (var i = 0; i < 250_000; i++)
        {
            var key = $"k{i}";
            await PublishAsync(key);
            await _broker.ReleaseAsync("c", [key]);
        }
    }

    public void Dispose() => _broker.Dispose();

    private async Task<StreamPosition?> PublishAsync(string key) => await _broker.PublishAsync(new Publication("c", MessageData.Text("x"))
    {
        IdempotencyKey = key,
        IdempotencyWindow = TimeSpan.FromDays(1),
    });
}
