using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.Tasks;

/// <summary>Tasks as channels: <c>task:&lt;id&gt;</c> with the states, <c>task:&lt;id&gt;:log</c> beside it. Who may subscribe, the application's kinds
/// of channels say; what clients may say there, this: nothing but that a task is to be cancelled.</summary>
internal sealed class TaskChannels(TaskRegistry tasks, TaskCancelling cancelling) : IChannelOverlay
{
    private readonly PublishGate _publishing = new(cancelling);

    public ChannelKind? Find(string channel, Func<string, ChannelKind> find)
    {
        if (!channel.StartsWith(TaskId.Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        // The log is open to whom the task is.
        var kind = find(GuardOf(channel));
        return kind with { Publish = ChannelAccess.Anyone, OnPublish = _publishing, OnSubscribe = new SubscribeGate(tasks, kind.OnSubscribe) };
    }

    private static string GuardOf(string channel) => TaskId.FromChannel(channel) is { } id ? TaskId.ChannelOf(id) : channel;

    private sealed class SubscribeGate(TaskRegistry tasks, ISubscribeHandler? next) : ISubscribeHandler
    {
        private static readonly HandlerVerdict NotFound = HandlerVerdict.Refuse(ErrorCode.NotAllowed, "Task not found");

        public async ValueTask<HandlerVerdict> OnSubscribeAsync(ChannelPeer peer, string channel, CancellationToken cancellationToken)
        {
            if (next is not null
                && await next.OnSubscribeAsync(peer, GuardOf(channel), cancellationToken).ConfigureAwait(false) is { Refusal: not null } refused)
            {
                return refused;
            }

            try
            {
                if (TaskId.FromChannel(channel) is not { } id || await tasks.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } record)
                {
                    return NotFound;
                }

                await tasks.Echo.EnsureAsync(record, cancellationToken).ConfigureAwait(false);
                return HandlerVerdict.Allow;
            }
            catch (BrokerUnavailableException)
            {
                return HandlerVerdict.Refuse(ErrorCode.Unavailable, "Service unavailable");
            }
        }
    }

    private sealed class PublishGate(TaskCancelling cancelling) : IPublishHandler
    {
        public async ValueTask<HandlerVerdict> OnPublishAsync(ChannelPeer peer, PublishRequest request, CancellationToken cancellationToken)
        {
            if (TaskId.FromChannel(request.Channel) is not { } id || request.Channel != TaskId.ChannelOf(id) || !TaskCommand.IsCancel(request.Data.Span))
            {
                return HandlerVerdict.Refuse(ErrorCode.NotAllowed, "Not allowed");
            }

            try
            {
                var (refusal, outcome) = await cancelling.CancelForClientAsync(id, peer.User is not null, cancellationToken).ConfigureAwait(false);
                return refusal is { } code ? HandlerVerdict.Refuse(code, TaskCommand.Explain(code, outcome)) : new HandlerVerdict { Drop = true };
            }
            catch (BrokerUnavailableException)
            {
                return HandlerVerdict.Refuse(ErrorCode.Unavailable, "Service unavailable");
            }
        }
    }
}
