using System.Security.Cryptography;
using Tidings.Lanes;
using Tidings.Protocol;

namespace Tidings.Connections;

/// <summary>One lane's part of a <see cref="Drain"/>: its span has as many equal parts as there are connections, and one of them ends in each, at a moment drawn at random.</summary>
internal sealed class LaneDrain(Lane lane, TimeSpan span) : TimerEntry, ILaneWork
{
    private Connection[] _connections = [];
    private long _began;
    private int _closed;
    private long _next;

    public void Run(object? argument)
    {
        _connections = [.. lane.Members.Snapshot<Connection>()];
        RandomNumberGenerator.Shuffle(_connections.AsSpan());
        foreach (var connection in _connections)
        {
            connection.AnnounceDrain();
        }

        _began = lane.Now;
        _next = NextDue();
        GoOn();
    }

    protected internal override void OnDue()
    {
        // What was published before still reaches them.
        lane.FanOut();
        while (_closed < _connections.Length && _next <= lane.Now)
        {
            _connections[_closed++].CloseNow(DisconnectCode.Draining);
            _next = NextDue();
        }

        GoOn();
    }

    private void GoOn()
    {
        if (_closed < _connections.Length)
        {
            lane.Timers.Schedule(this, _next);
        }
        else
        {
            _connections = [];
        }
    }

    private long NextDue()
    {
        var part = span.TotalMilliseconds / Math.Max(1, _connections.Length);
        return _began + (long)(part * (_closed + (RandomNumberGenerator.GetInt32(1000) / 1000.0)));
    }
}
