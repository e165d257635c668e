using Tidings.Quotas;

namespace Tidings.Connections;

/// <summary>What one peer may still say, and how patient we have been with it.</summary>
internal struct InboundLimits
{
    private const int MostRefusals = 100;
    private const int MostInvalid = 20;

    private TokenBucket _content;
    private TokenBucket _bytes;
    private TokenBucket _control;
    private byte _contentRefusals;
    private byte _controlRefusals;
    private byte _invalid;

    /// <summary>Takes what a content message costs.</summary>
    /// <returns>Which limit refuses it, and for how long.</returns>
    public RateRefusal Refuse(ConnectionSettings settings, int bytes, long now) =>
        !_content.TryTake(settings.Rate, now) ? new RateRefusal(RateLimitName.Messages, _content.Wait(settings.Rate))
        : !_bytes.TryOverdraw(settings.ByteRate, bytes, now) ? new RateRefusal(RateLimitName.Bytes, _bytes.Wait(settings.ByteRate))
        : default;

    /// <summary>Notes what became of a content message.</summary>
    /// <returns>Whether the peer has gone on past a hundred refusals in a row.</returns>
    public bool IsAbusive(bool refused) => IsAbusive(refused, ref _contentRefusals);

    /// <summary>Takes what a ping of either kind costs.</summary>
    /// <returns>Whether it may be answered.</returns>
    public bool TryControl(ConnectionSettings settings, long now, out bool abusive)
    {
        var taken = _control.TryTake(settings.ControlRate, now);
        abusive = IsAbusive(!taken, ref _controlRefusals);
        return taken;
    }

    /// <summary>Counts a message that could not be understood.</summary>
    /// <returns>Whether there were more than twenty in a row.</returns>
    public bool IsTooInvalid() => ++_invalid > MostInvalid;

    /// <summary>A message was understood.</summary>
    public void ForgetInvalid() => _invalid = 0;

    private static bool IsAbusive(bool refused, ref byte refusals)
    {
        refusals = refused ? (byte)(refusals + 1) : (byte)0;
        return refusals > MostRefusals;
    }
}
