using System.Threading.Channels;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Tasks;

/// <summary>The newest state of a task that a loop of this process has not seen.</summary>
internal sealed class TaskInbox(string id) : IMessageListener
{
    private readonly Channel<TaskState> _newest = Channel.CreateBounded<TaskState>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private TaskState? _last;

    // Under the channel's lock, and so in order.
    void IMessageListener.Offer(Message message)
    {
        if (TaskStateJson.Read(message.Data.ToJson().Span) is { } state && state.Id == id && state.Follows(_last))
        {
            _last = state;
            _newest.Writer.TryWrite(state);
        }
    }

    /// <summary>The next state that goes on from <paramref name="seen"/>.</summary>
    public async ValueTask<TaskState> NextAsync(TaskState seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            var state = await _newest.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (state.Follows(seen))
            {
                return state;
            }
        }
    }
}
