using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Brokers;

/// <content>Erasing.</content>
internal sealed partial class MemoryLog
{
    /// <summary>Puts an empty place where a message is, and takes it out of the state.</summary>
    /// <returns>False where it is not there.</returns>
    public bool TryErase(StreamPosition position) => _state?.TryErase(position) == true | TryEraseKept(position);

    private bool TryEraseKept(StreamPosition position)
    {
        var index = position.Offset - (Top - _count) - 1;
        if (position.Epoch != Epoch || index < 0 || index >= _count || At((int)index) is { Kind: MessageKind.Removed })
        {
            return false;
        }

        var message = At((int)index);
        var share = (HistoryShare)message.Share!;
        var place = new Message
        {
            Kind = MessageKind.Removed, Channel = channel, Position = position, Time = message.Time, KeptAt = message.KeptAt, Share = share, Data = default,
        };
        share.AddMessage(0, CostOf(place) - CostOf(message));
        share.Owner.Add(-message.EndCharge());
        _kept[(_first + (int)index) & (_kept.Length - 1)] = place;
        return true;
    }

    /// <summary>Forgets all, and begins anew with another epoch.</summary>
    /// <returns>How many messages there were.</returns>
    public int Clear(string epoch)
    {
        var count = _count;
        while (_count > 0)
        {
            RemoveFirst();
        }

        _keys?.Clear();
        _state?.Clear();
        (_kept, _first, Epoch, Top) = ([], 0, epoch, 0);
        return count;
    }
}
