namespace Tidings.Tasks.Tests.Units;

public sealed class PacedTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ManualTime _time = new();
    private int _done;
    private int _rests;

    [Fact]
    public async Task The_first_is_at_once_and_all_in_the_interval_are_one()
    {
        var paced = Make();
        paced.Ask();
        await DoneAsync(paced, 1);
        for (var i = 0; i < 1000; i++)
        {
            paced.Ask();
        }

        _time.Advance(Interval - TimeSpan.FromMilliseconds(1));
        await DoneAsync(paced, 1);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await DoneAsync(paced, 2);
        _time.Advance(Interval);
        Assert.Equal(1, _rests);
        paced.Ask();
        await DoneAsync(paced, 3);
    }

    [Fact]
    public async Task What_is_urgent_does_not_wait()
    {
        var paced = Make();
        paced.Ask();
        await DoneAsync(paced, 1);
        paced.Ask();
        paced.Ask(urgent: true);
        await DoneAsync(paced, 2);
    }

    [Fact]
    public async Task After_the_end_nothing_is_done()
    {
        var paced = Make();
        paced.Ask();
        await DoneAsync(paced, 1);
        paced.Ask();
        await paced.EndAsync();
        _time.Advance(10 * Interval);
        paced.Ask(urgent: true);
        await DoneAsync(paced, 1);
        Assert.Equal(0, _time.ArmedTimers);
    }

    private Paced Make() => new(_time, Interval, () => { _done++; return Task.CompletedTask; }, () => _rests++);

    private async Task DoneAsync(Paced paced, int times)
    {
        await paced.SettleAsync();
        Assert.Equal(times, _done);
    }
}
