using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Threading.Tasks.Sources;
using TestKit;
using Tidings.AspNetCore.HttpTransports;
using Tidings.Channels.Tests.World;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Positions;

namespace Tidings.Channels.Tests.Units;

public sealed class EventStreamWireTests
{
    [Fact]
    public async Task A_flush_that_ends_while_it_is_looked_at_does_not_stop_the_stream()
    {
        using var rig = new Rig(new RigOptions());
        var lane = rig.PoolLanes[0];
        var output = new HastyPipe();
        var connection = rig.Connect(lane, new EventStreamWire(output, new ReaderPosition(null), 1000, lane, static () => { }));
        for (var i = 0; i < 5; i++)
        {
            connection.SendLater(Frame.Text(Encoding.UTF8.GetBytes($$"""{"type":"direct","data":{{i}}}""")));
            await Eventually.TrueAsync(() => output.Text.Contains($"\"data\":{i}", StringComparison.Ordinal), $"event {i} is written");
        }
    }

    /// <summary>Each of its flushes is under way when it is asked for the first time, and done the next.</summary>
    private sealed class HastyPipe : PipeWriter, IValueTaskSource<FlushResult>
    {
        private readonly ArrayBufferWriter<byte> _written = new();
        private readonly Lock _gate = new();
        private int _asked;

        public string Text
        {
            get
            {
                lock (_gate)
                {
                    return Encoding.UTF8.GetString(_written.WrittenSpan);
                }
            }
        }

        public override void Advance(int bytes)
        {
            lock (_gate)
            {
                _written.Advance(bytes);
            }
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _written.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _written.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            _asked = 0;
            return new ValueTask<FlushResult>(this, 0);
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _asked++ == 0 ? ValueTaskSourceStatus.Pending : ValueTaskSourceStatus.Succeeded;

        FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => default;

        void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => continuation(state);
    }
}
