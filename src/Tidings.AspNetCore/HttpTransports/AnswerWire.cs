using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Frames;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Collects what a connection has to say until there is an answer, which is then written whole. The connection has its place until then.</summary>
internal abstract class AnswerWire(PoolLane lane, Action abort) : ResponseWire(lane, abort)
{
    private readonly TaskCompletionSource<DisconnectCode> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;
    private bool _written;

    /// <summary>Ends when what was collected is the answer. <see cref="DisconnectCode.Goodbye"/> unless the connection was ended by somebody else.</summary>
    public Task<DisconnectCode> Answered => _answered.Task;

    protected override bool IsUnfinished => !_written;

    public override FlushResult Flush(ref OutboundQueue queue)
    {
        while (queue.Count > 0)
        {
            var frames = queue.HeadMemory;
            queue.Advance(frames.Length);
            while (!frames.IsEmpty)
            {
                var payload = Frame.Next(ref frames, out var opcode);
                if (opcode == Opcode.Close)
                {
                    _ended = true;
                    _answered.TrySetResult(StreamEnd.Read(payload.Span).Code);
                }
                else if (!_answered.Task.IsCompleted)
                {
                    Take(payload);
                }
            }
        }

        if (!_answered.Task.IsCompleted && IsEnough && _answered.TrySetResult(DisconnectCode.Goodbye))
        {
            Connection!.Close(DisconnectCode.Goodbye);
        }

        return _ended && !_written ? FlushResult.Blocked : FlushResult.Drained;
    }

    public override void Close()
    {
        _answered.TrySetResult(DisconnectCode.Abnormal);
        base.Close();
    }

    /// <summary>The answer is written. Any thread.</summary>
    public void Finish() => Lane.Post(Finishing.Instance, this);

    /// <summary>Whether there is an answer already.</summary>
    protected abstract bool IsEnough { get; }

    /// <summary>Takes one JSON object, whose bytes are shared and stay.</summary>
    protected abstract void Take(ReadOnlyMemory<byte> json);

    private sealed class Finishing : ILaneWork
    {
        public static readonly Finishing Instance = new();

        public void Run(object? argument)
        {
            var wire = (AnswerWire)argument!;
            wire._written = true;
            wire.Connection?.Flush();
        }
    }
}
