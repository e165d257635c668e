using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Conformance.Tests.Infrastructure;
using Tidings.Lanes;

namespace Tidings.Conformance.Tests.Transport;

/// <summary>A lane that has ended touches no descriptor any more: the numbers of its own are others' by then.</summary>
[Collection(Alone.Name)]
public class LaneEnd
{
    [Fact]
    public unsafe void Work_that_comes_too_late_is_written_to_nobodys_descriptor()
    {
        var lane = new EpollLane(0, TimeProvider.System, NullLogger.Instance);
        lane.Dispose();
        var heirs = Enumerable.Range(0, 8).Select(_ => Libc.eventfd(0, Libc.NONBLOCK | Libc.CLOEXEC)).ToList();
        try
        {
            var work = new Work();
            lane.Post(work);
            foreach (var heir in heirs)
            {
                ulong count;
                Assert.True(Libc.read(heir, &count, sizeof(ulong)) < 0, "the lane woke somebody else");
            }

            Assert.True(work.HasRun, "what it brings must be freed");
        }
        finally
        {
            heirs.ForEach(Native.Close);
        }
    }

    private sealed class Work : ILaneWork
    {
        public bool HasRun { get; private set; }

        public void Run(object? argument) => HasRun = true;
    }
}
