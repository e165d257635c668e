using Tidings.Channels;
using Tidings.Connections;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Tasks;

/// <summary>One task's viewers on this node.</summary>
internal sealed class TaskWatch(string id) : IMessageListener
{
    public string Id => id;

    /// <summary>Guarded by <see cref="TaskWatches"/>; never changed in place.</summary>
    public TaskViewer[] Viewers { get; set; } = [];

    // Under the channel's lock, and so in order.
    void IMessageListener.Offer(Message message)
    {
        var viewers = Viewers;
        if (viewers.Length > 0 && TaskStateJson.Read(message.Data.ToJson().Span) is { } state && state.Id == id)
        {
            var sight = TaskSight.Of(state);
            foreach (var viewer in viewers)
            {
                viewer.Show(sight);
            }
        }
    }
}

/// <summary>Who watches which task on this node, outside the channel protocol. Safe from any thread.</summary>
internal sealed class TaskWatches(Hub hub)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskWatch> _watches = new(StringComparer.Ordinal);

    /// <summary>From now on the connection is shown each change.</summary>
    public TaskViewer Join(Connection connection, string id)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(id, out var watch))
            {
                _watches[id] = watch = new TaskWatch(id);
                hub.Listen(watch, TaskId.ChannelOf(id));
            }

            // Before it is shown anything: from then on the lane may close the connection, and must find what it has to leave.
            var viewer = new TaskViewer(connection, watch);
            connection.Tag = viewer;
            watch.Viewers = [.. watch.Viewers, viewer];
            return viewer;
        }
    }

    public void Leave(TaskViewer viewer)
    {
        lock (_gate)
        {
            var watch = viewer.Watch;
            watch.Viewers = Array.FindAll(watch.Viewers, other => other != viewer);
            if (watch.Viewers.Length == 0 && _watches.Remove(watch.Id))
            {
                hub.EndListening(watch, TaskId.ChannelOf(watch.Id));
            }
        }
    }
}
