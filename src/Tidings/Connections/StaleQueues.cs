using Tidings.Lanes;

namespace Tidings.Connections;

/// <summary>Sees to it that what was erased is in no connection's queue for long: one that has not read within half a minute what waits for it is closed as
/// slow, and recovers without it. Safe from any thread.</summary>
internal sealed class StaleQueues(LaneSet lanes, TimeProvider time)
{
    // Erasures that come one after the other are looked after together. All in all, within a minute.
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private int _gathering;

    /// <summary>Something was erased that may wait in queues.</summary>
    public void OnErased()
    {
        if (Interlocked.Exchange(ref _gathering, 1) == 0)
        {
            _ = LookAsync();
        }
    }

    private async Task LookAsync()
    {
        await Task.Delay(Gathering, time).ConfigureAwait(false);
        Volatile.Write(ref _gathering, 0);
        var looks = lanes.All.Select(static lane => new Look(lane)).ToList();
        looks.ForEach(static look => look.Post());
        await Task.Delay(Patience, time).ConfigureAwait(false);
        looks.ForEach(static look => look.Post());
    }

    // The first time it notes the last frame that waits for each connection, the second time it closes those for which the same still waits.
    private sealed class Look(Lane lane) : ILaneWork
    {
        private List<(Connection Connection, byte[] Last)>? _waiting;

        public void Post() => lane.Post(this);

        public void Run(object? argument)
        {
            if (_waiting is null)
            {
                _waiting = [.. lane.Members.Snapshot<Connection>().Where(static connection => connection.LastQueued is not null).Select(static connection => (connection, connection.LastQueued!))];
                return;
            }

            foreach (var (connection, last) in _waiting)
            {
                if (connection.IsQueued(last))
                {
                    connection.CloseAsSlow();
                }
            }
        }
    }
}
