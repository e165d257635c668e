using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Brokers;

/// <summary>Gives each message of a channel its offset, keeps it, and hands it to every node that listens. Safe from any thread.</summary>
/// <remarks>
/// <para><b>Offsets.</b> A channel has a log, and the log an epoch: 1 to 32 of the characters <c>0-9 a-z A-Z . _ -</c>. Inside one epoch offsets are 1, 2, 3 … without a hole, over all nodes, and an offset that
/// anybody may have been shown is never given to another message. Where that cannot be promised, as where a log was lost or has shrunk in another way than by its retention, another epoch begins. No epoch of
/// a channel is used twice.</para>
/// <para><b>A channel that nothing was said in</b> has an epoch all the same, the same for every reader on every node, and its first message takes it. Reading, listening and ephemeral messages keep
/// nothing: names are free.</para>
/// <para><b>One step.</b> The offset, the entry in the log, the entry in the state, the idempotency key and what is checked of each belong together: a reader that can see offset N can read message N, all nodes see one order, and
/// of several publications with one key in one epoch exactly one is appended; the others are answered with its position. What is refused has changed nothing.</para>
/// <para><b>What is kept.</b> The newest <see cref="Retention.Size"/> messages that are no older than <see cref="Retention.Age"/>, as the newest publication says; messages go from the oldest on. Where
/// <see cref="Retention.State"/> is set, the newest message of each key besides, whatever its age: a log lives, with its epoch, as long as it has a key. An engine may keep less where memory is short, always from the
/// oldest on, and never less of the state.</para>
/// <para><b>Delivery.</b> Every node whose <see cref="IMessageSink"/> has subscribers of a channel gets each of its messages once and in the order of offsets (<see cref="IMessageSink.Deliver(Message)"/>). Ephemeral messages are delivered
/// between them with offset 0, once or, where a link breaks, not at all. A hole is filled from the log before anything newer is delivered; what the log no longer has is left out, and the next offset or
/// <see cref="IMessageSink.Announce"/> says so.</para>
/// <para><b>Failures.</b> Where the broker cannot be reached, or does not answer within seconds, calls fail with <see cref="BrokerUnavailableException"/>: whether a message was accepted is not known then, and
/// a repeat with its idempotency key finds out. Code of this contract throws nothing else but what its members name, and <see cref="OperationCanceledException"/>.</para>
/// </remarks>
public interface IBroker
{
    /// <summary>Appends to the channel's log.</summary>
    /// <remarks>Completes when the broker has accepted the message, not when anyone has received it. Calls may overlap; messages to one
    /// channel keep the order in which the broker accepted them.</remarks>
    /// <param name="publication">What is said. It was checked: names and texts are within the protocol's bounds.</param>
    /// <param name="cancellationToken">Ends the waiting. The message may have been accepted.</param>
    /// <returns>The message's position; null for what is ephemeral.</returns>
    /// <exception cref="NotDurableException">Durability was asked for and cannot be given.</exception>
    /// <exception cref="SenderQuotaException">The sender has used up its share of idempotency keys, or of what is kept durably.</exception>
    /// <exception cref="ChannelStateFullException">The channel's state has as many keys or bytes as it may. A key that is taken out, or gets a shorter message, is never refused for it.</exception>
    /// <exception cref="BrokerUnavailableException">The broker cannot be reached.</exception>
    ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default);

    /// <summary>Says that publications with these keys will not be repeated by a publisher that is alive: what was to be remembered for longer than
    /// <see cref="Retention.IdempotencyWindow"/> may be forgotten after that, or at once where nobody else can repeat it.</summary>
    /// <remarks>It saves room and changes no promise: where it is not done, keys live as long as was said.</remarks>
    /// <param name="channel">The channel.</param>
    /// <param name="idempotencyKeys">The keys.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask ReleaseAsync(string channel, IReadOnlyList<string> idempotencyKeys, CancellationToken cancellationToken = default) => default;

    /// <summary>Erases a message, or the whole log, which then begins anew with another epoch. What is not there is no fault.</summary>
    /// <remarks>Once it has completed, no answer shows what was erased: the message's place is <see cref="MessageKind.Removed"/> (<see cref="Message.Erased"/>), and it is in no state. Every node that listens has
    /// <see cref="MessageKind.Erasure"/> delivered, or a gap with the reason <see cref="GapReason.Cleared"/> (<see cref="Message.Cleared"/>). A log that is empty already, with offset 0, stays as it is.</remarks>
    /// <param name="channel">The channel.</param>
    /// <param name="position">Which message; null for all.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>How many messages were erased.</returns>
    /// <exception cref="BrokerUnavailableException">The broker cannot be reached.</exception>
    ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default);

    /// <summary>Has the channel delivered to this node, if it is not yet. Called after somebody has joined it in the hub; the broker goes on for as
    /// long as <see cref="IMessageSink.HasSubscribers"/> says so.</summary>
    /// <remarks>Once it has completed, whatever is published is delivered.</remarks>
    /// <param name="channel">The channel.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="BrokerUnavailableException">The broker cannot be reached.</exception>
    ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default);

    /// <summary>Reads a channel's log, and its state at the same position. What was delivered before the call is in it.</summary>
    /// <remarks>The messages are those that the request asks for, oldest first and without a hole. A position of another epoch, of the future, or whose next message is no longer kept, is not recovered: there are then
    /// no messages, and <see cref="HistoryPart.Top"/> says where the log is.</remarks>
    /// <param name="channel">The channel.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="BrokerUnavailableException">The broker cannot be reached.</exception>
    ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default);
}
