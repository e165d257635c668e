using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;
using Tidings.Rules;
using Tidings.Security.Tokens;

namespace Tidings.Tasks;

/// <summary>The route of a task: its present state, each change, the final state, the end.</summary>
internal sealed class TaskHandler(TaskRegistry tasks, TaskCancelling cancelling, TaskWatches watches, IBroker broker, ChannelKinds kinds, FirstMessage? firstMessage)
    : TextRouteHandler(firstMessage)
{
    private static readonly byte[] NotFound = Frame.Text("""{"error":"Task not found"}"""u8);
    private static readonly byte[] Unavailable = Frame.Text("""{"error":"Service unavailable"}"""u8);
    private static readonly byte[] NotJson = Frame.Text("""{"error":"Invalid JSON format"}"""u8);

    private static readonly byte[] Unfit = Frame.Text(
        """{"error":"Invalid message format","details":[{"field":"type","message":"This is \"cancel\"."}]}"""u8);

    public override string ProtocolName => "task";

    /// <summary>Whether somebody may watch a task.</summary>
    /// <returns>Why not, or null.</returns>
    public async ValueTask<DisconnectCode?> JudgeAsync(ChannelPeer peer, Security.Identities.Identity? identity, string id)
    {
        var channel = TaskId.ChannelOf(id);
        var kind = kinds.FindOwn(channel);
        return !Permissions.MaySubscribe(kind, channel, identity)
            ? identity is null ? DisconnectCode.Unauthorized : DisconnectCode.Forbidden
            : kind.OnSubscribe is { } handler
                && (await handler.OnSubscribeAsync(peer, channel, CancellationToken.None).ConfigureAwait(false)).Refusal is not null
                    ? DisconnectCode.Forbidden
                    : null;
    }

    /// <summary>Why <see cref="JudgeAsync"/> has said no, in words for those who run the server.</summary>
    public FieldFault WhyNot(Security.Identities.Identity? identity, string id)
    {
        var channel = TaskId.ChannelOf(id);
        var kind = kinds.FindOwn(channel);
        return Permissions.MaySubscribe(kind, channel, identity)
            ? PermissionReason.Application(channel)
            : PermissionReason.Of(kind, channel, TokenActions.Subscribe, identity);
    }

    /// <summary>Makes the connection a viewer of the task before its handshake is answered.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="id">The task.</param>
    /// <param name="outputFrom">From which byte on it sees the output, too; null where it does not.</param>
    /// <returns>Why not, or null. Where there is no such task, the connection is told and ends.</returns>
    public async ValueTask<DisconnectCode?> JoinAsync(Connection connection, string id, long? outputFrom = null)
    {
        if (await JudgeAsync(PeerOf(connection), connection.Identity, id).ConfigureAwait(false) is { } refusal)
        {
            connection.Tag = WhyNot(connection.Identity, id);
            return refusal;
        }

        if (!await TryWatchAsync(connection, id, outputFrom).ConfigureAwait(false))
        {
            connection.SendLater(NotFound);
            connection.Close(DisconnectCode.Goodbye);
        }

        return null;
    }

    /// <summary>Shows a connection the present state, and from now on each change.</summary>
    /// <returns>False where there is no such task.</returns>
    public async ValueTask<bool> TryWatchAsync(Connection connection, string id, long? outputFrom = null)
    {
        // Before the state is read: what changes from here on is shown.
        var viewer = watches.Join(connection, id);
        await broker.ListenAsync(TaskId.ChannelOf(id)).ConfigureAwait(false);
        if (await tasks.FindAsync(id, CancellationToken.None).ConfigureAwait(false) is not { } record)
        {
            return false;
        }

        if (outputFrom is { } from)
        {
            viewer.BeginOutput(tasks.Outputs, from);
        }

        viewer.Begin(TaskSight.Of(record.State));
        return true;
    }

    public override void OnClosed(Connection connection, DisconnectCode code)
    {
        if (connection.Tag is TaskViewer viewer)
        {
            connection.Tag = null;
            viewer.End();
            watches.Leave(viewer);
        }
    }

    protected override void OnContent(Connection connection, ReadOnlySpan<byte> text)
    {
        if (TaskCommand.Read(text) is not { } isCancel)
        {
            connection.Send(NotJson);
            connection.CountInvalid();
        }
        else if (!isCancel)
        {
            connection.Send(Unfit);
            connection.CountInvalid();
        }
        else if (connection.Tag is TaskViewer viewer)
        {
            connection.ForgetInvalid();
            connection.Suspend();
            _ = CancelAsync(connection, viewer.Watch.Id);
        }
    }

    /// <summary>The other end, as handlers see it.</summary>
    public static ChannelPeer PeerOf(Connection connection) =>
        new(connection.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), connection.Identity?.User) { Principal = connection.Identity?.Principal };

    private async Task CancelAsync(Connection connection, string id)
    {
        byte[]? answer = null;
        try
        {
            var (refusal, outcome) = await cancelling.CancelForClientAsync(id, connection.Identity is not null, CancellationToken.None).ConfigureAwait(false);
            answer = refusal is { } code ? Answer(TaskCommand.Explain(code, outcome)) : null;
        }
        catch (BrokerUnavailableException)
        {
            answer = Unavailable;
        }

        await connection.Lane.SwitchTo();
        if (answer is not null)
        {
            connection.Send(answer);
        }

        connection.Resume();
    }

    private static byte[] Answer(string error)
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("error"u8, error);
        return frame.End();
    }
}
