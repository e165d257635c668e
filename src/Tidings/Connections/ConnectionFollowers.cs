using System.Globalization;
using Tidings.Taps;

namespace Tidings.Connections;

/// <summary>Who follows connections of this node: few at a time, and none for long. Safe from any thread.</summary>
internal sealed class ConnectionFollowers(ConnectionRegistry registry, ConnectionDirectory directory)
{
    /// <summary>How many may follow connections of one node.</summary>
    public const int MostOfNode = 16;

    /// <summary>How many may follow one connection.</summary>
    public const int MostOfConnection = 4;

    /// <summary>How long one may follow.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private readonly List<Following> _all = [];

    /// <summary>How many follow now.</summary>
    public int Count
    {
        get
        {
            lock (_all)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>The connection of that public id, or where it has none of <see cref="Connection.SharedId"/>; null where this node has no such connection.</summary>
    public async ValueTask<Connection?> FindAsync(string id)
    {
        if (directory.Find(id) is { } found)
        {
            return found;
        }

        var prefix = registry.Node + "-";
        return id.StartsWith(prefix, StringComparison.Ordinal) && long.TryParse(id.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && await registry.ListAsync(connections => connections.FindAll(connection => connection.Id == number), CancellationToken.None).ConfigureAwait(false) is [var numbered, ..]
                ? numbered
                : null;
    }

    /// <summary>Begins to follow a connection.</summary>
    /// <returns>Null where as many follow already as may.</returns>
    public Following? TryBegin(Connection connection)
    {
        var following = new Following(this, connection, registry.Time);
        lock (_all)
        {
            if (_all.Count >= MostOfNode || _all.Count(one => one.Connection == connection) >= MostOfConnection)
            {
                return null;
            }

            _all.Add(following);
        }

        following.Begin();
        return following;
    }

    /// <summary>One who follows a connection, until it is disposed.</summary>
    internal sealed class Following(ConnectionFollowers all, Connection connection, TimeProvider time) : IDisposable
    {
        private readonly CancellationTokenSource _timeOver = new(Longest, time);

        public Connection Connection => connection;

        /// <summary>What it is told.</summary>
        public Follower Follower { get; } = new(time);

        public void Begin()
        {
            connection.Follow(Follower);

            // Whether or not somebody reads by then.
            _timeOver.Token.UnsafeRegister(static following => ((Following)following!).End(), this);
        }

        public void Dispose()
        {
            End();
            _timeOver.Dispose();
        }

        private void End()
        {
            Follower.Complete(FollowEnd.TimeOver);
            connection.Unfollow(Follower);
            lock (all._all)
            {
                all._all.Remove(this);
            }
        }
    }
}
