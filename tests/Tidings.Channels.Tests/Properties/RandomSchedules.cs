using TestKit;
using Tidings.Channels.Tests.World;

namespace Tidings.Channels.Tests.Properties;

/// <summary>G1, G2 and G6 of the guarantees, over random schedules of publishers, joiners, leavers, reconnects and slow readers.</summary>
public sealed class RandomSchedules
{
    [Fact]
    public void Whoever_listens_gets_each_message_once_and_in_order_or_is_told()
    {
        var accepted = 0;
        Seeds.Each(400, random =>
        {
            using var schedule = new Schedule(random);
            schedule.Run(steps: 600);
            accepted += schedule.Accepted;
            Assert.True(schedule.Findings.Count == 0, string.Join("\n", schedule.Findings.Take(10)));
        });
        Assert.True(accepted > 0);
    }
}
