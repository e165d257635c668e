using Tidings.Server.Bench;

namespace Tidings.CommandLine.Tests.Bench;

public sealed class LatencyHistogramTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(123_456)]
    [InlineData(9_876_543_210)]
    public void A_time_is_told_to_a_64th_and_never_too_low(long ticks)
    {
        var histogram = new LatencyHistogram();
        histogram.Add(TimeSpan.FromTicks(ticks));
        histogram.Add(TimeSpan.FromTicks(long.MaxValue));
        Assert.InRange(histogram.At(0.5).Ticks, ticks, ticks + (ticks / 64));
        Assert.Equal(long.MaxValue, histogram.At(1).Ticks);
        Assert.Equal(long.MaxValue, histogram.Most.Ticks);
    }

    [Fact]
    public void A_share_is_that_of_all_times()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal(TimeSpan.Zero, histogram.At(0.99));
        for (var i = 1; i <= 100; i++)
        {
            histogram.Add(TimeSpan.FromTicks(i));
        }

        Assert.Equal([1, 50, 99, 100], new[] { 0.01, 0.5, 0.99, 1 }.Select(share => histogram.At(share).Ticks));
    }

    [Theory]
    [InlineData("~1:2:3:xxx", 1, 2, 3)]
    [InlineData("[room] ~12:1:99999999999:", 12, 1, 99_999_999_999)]
    public void A_message_is_found_in_what_a_server_sends(string frame, int publisher, long number, long sent)
    {
        Assert.True(BenchMessage.TryRead(System.Text.Encoding.ASCII.GetBytes(frame), out var message));
        Assert.Equal(new BenchMessage(publisher, number, sent), message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("~")]
    [InlineData("~1:2:3")]
    [InlineData("~1:2:")]
    [InlineData("~-1:2:3:")]
    [InlineData("~99999999999:2:3:")]
    [InlineData("1:2:3:")]
    public void What_is_none_is_not(string frame) => Assert.False(BenchMessage.TryRead(System.Text.Encoding.ASCII.GetBytes(frame), out _));
}
