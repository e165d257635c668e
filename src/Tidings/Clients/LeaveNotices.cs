using Tidings.Lanes;
using Tidings.Protocol.Frames;
using Tidings.Quotas;

namespace Tidings.Clients;

/// <summary>Tells the clients of this node who has left. Safe from any thread.</summary>
/// <remarks>Each notice goes to everybody, so that what one peer can cause by coming and going is bounded: those who leave in one turn of a lane
/// share a notice, and once <see cref="Limit"/> is used up so do all until the next one may be told.</remarks>
internal sealed class LeaveNotices : ILaneWork, IDisposable
{
    /// <summary>How many notices there may be.</summary>
    internal static readonly RateLimit Limit = new(2, 10);

    /// <summary>How many names one notice lists; of more, the number.</summary>
    internal const int MostNames = 20;

    private readonly Lock _gate = new();
    private readonly List<string> _names = [];
    private readonly TidingsLanguage _language;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly Action<byte[]> _tell;
    private readonly ITimer _timer;
    private TokenBucket _bucket;
    private int _count;
    private bool _isDue;

    /// <param name="language">Of what the notice says.</param>
    /// <param name="time">Time.</param>
    /// <param name="tell">Hands a frame to everybody; called under no lock.</param>
    public LeaveNotices(TidingsLanguage language, TimeProvider time, Action<byte[]> tell)
    {
        (_language, _time, _tell) = (language, time, tell);
        _started = time.GetTimestamp();
        _timer = time.CreateTimer(static notices => ((LeaveNotices)notices!).Tell(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A client has left: its notice comes at the end of the lane's turn, or at once where there is none.</summary>
    public void Add(string client)
    {
        lock (_gate)
        {
            _count++;
            if (_names.Count < MostNames)
            {
                _names.Add(client);
            }

            if (_isDue)
            {
                return;
            }

            _isDue = true;
        }

        if (Lane.Current is { } lane)
        {
            lane.Post(this);
        }
        else
        {
            Tell();
        }
    }

    public void Dispose() => _timer.Dispose();

    void ILaneWork.Run(object? argument) => Tell();

    private void Tell()
    {
        byte[] frame;
        lock (_gate)
        {
            if (!_bucket.TryTake(Limit, (long)_time.GetElapsedTime(_started).TotalMilliseconds))
            {
                _timer.Change(TimeSpan.FromMilliseconds(_bucket.Wait(Limit)), Timeout.InfiniteTimeSpan);
                return;
            }

            frame = Frame.Text([.. """{"type":"system","message":"""u8, .. ClientMessages.Quote(Text_NeedsLock()), .. "}"u8]);
            _names.Clear();
            _count = 0;
            _isDue = false;
        }

        _tell(frame);
    }

    private string Text_NeedsLock()
    {
        var more = _count - _names.Count;
        return _language == TidingsLanguage.Zh
            ? $"{string.Join('、', _names)}{(more == 0 ? "" : $" 等 {_count} 位")} 离开了"
            : $"{string.Join(", ", _names)}{(more == 0 ? "" : $" and {more} more")} left";
    }
}
