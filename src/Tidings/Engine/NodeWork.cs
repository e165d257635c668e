using Tidings.Actions;
using Tidings.Clients;
using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Lanes;
using Tidings.Nodes;
using Tidings.Protocol.Frames;
using Tidings.Reports;
using Tidings.Sessions;

namespace Tidings.Engine;

/// <summary>What is asked of this node, by itself or by another one.</summary>
internal sealed class NodeWork(ConnectionDirectory directory, Subscribing subscribing, ClientRegistry clients, Disconnecting disconnecting, NodeInventory inventory, NodeReports? reports = null) : INodeWork
{
    public ValueTask<int> CarryOutAsync(NodeRequest request) => request.Action switch
    {
        NodeAction.Send => ValueTask.FromResult(Send(request)),
        NodeAction.Subscribe => EachSessionAsync(request, session => subscribing.SubscribeByServerAsync(session, request.Channel!)),
        NodeAction.Unsubscribe => EachSessionAsync(request, session => ValueTask.FromResult(subscribing.UnsubscribeByServer(session, request.Channel!))),
        NodeAction.Hear => ValueTask.FromResult(directory.Find(request.Name)?.Tag is ChannelSession session && session.TryHear(request.Secret, request.Data) ? 1 : 0),
        NodeAction.Track => EachSessionAsync(
            request, session => session.User == request.From ? subscribing.TrackAsync(session, request.Channel!, request.Data) : ValueTask.FromResult(false)),
        NodeAction.Report => Report(),
        NodeAction.List => ValueTask.FromResult(0),
        _ => request.Target == NodeTarget.Client
            ? ValueTask.FromResult(clients.Disconnect(request.Name, request.Code))
            : disconnecting.CarryOutAsync(request),
    };

    public async ValueTask<IReadOnlyList<NodeListRow>?> ListAsync(NodeRequest request) =>
        request.Action == NodeAction.List && NodeListQuery.Read(request.Data.Span) is { } query ? await inventory.ListAsync(query).ConfigureAwait(false) : null;

    private ValueTask<int> Report()
    {
        reports?.GoOn();
        return ValueTask.FromResult(0);
    }

    private int Send(NodeRequest request)
    {
        switch (request.Target)
        {
            case NodeTarget.Client:
                return clients.Send(request.Name, Frame.Text(request.Data.Span));
            case NodeTarget.AllClients:
                return clients.Broadcast(Frame.Text(request.Data.Span), request.Name);
        }

        var receivers = Find(request);
        if (receivers.Count == 0)
        {
            return 0;
        }

        var notice = new Notice.Direct(request.From, request.Connection, request.Data);
        SessionDialect? dialect = null;
        byte[]? frame = null;
        var count = 0;
        foreach (var receiver in receivers)
        {
            if (receiver.Tag is ChannelSession session && session.Dialect != dialect)
            {
                dialect = session.Dialect;
                frame = dialect.Say(notice);
            }

            if (frame is not null)
            {
                receiver.SendLater(frame);
                count++;
            }
        }

        return count;
    }

    private IReadOnlyList<Connection> Find(NodeRequest request) => request.Target switch
    {
        NodeTarget.User => directory.FindUser(request.Name),
        NodeTarget.Connection => directory.Find(request.Name) is { } connection ? [connection] : [],
        _ => directory.FindAll(request.Name),
    };

    // How many of them it changed something for.
    private async ValueTask<int> EachSessionAsync(NodeRequest request, Func<ChannelSession, ValueTask<bool>> change)
    {
        var count = 0;
        foreach (var connection in Find(request))
        {
            if (connection.Tag is ChannelSession session && await OnLaneAsync(connection.Lane, session, change).ConfigureAwait(false))
            {
                count++;
            }
        }

        return count;
    }

    // The caller goes on elsewhere: no code but the engine's runs on a lane.
    private static async Task<bool> OnLaneAsync(Lane lane, ChannelSession session, Func<ChannelSession, ValueTask<bool>> change)
    {
        try
        {
            await lane.SwitchTo();
            return await change(session).ConfigureAwait(false);
        }
        finally
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }
}
