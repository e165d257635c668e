namespace Tidings.Connections;

internal enum InboundVerdict : byte
{
    Allowed,
    Refused,

    /// <summary>Refused, and so often in a row that the connection ends.</summary>
    Abusive,
}

/// <summary>What one peer may still say, and how patient we have been with it.</summary>
internal struct InboundLimits
{
    private const int MostRefusals = 100;
    private const int MostInvalid = 20;

    private TokenBucket _content;
    private TokenBucket _control;
    private byte _contentRefusals;
    private byte _controlRefusals;
    private byte _invalid;

    public InboundVerdict TryContent(ConnectionSettings settings, long now) =>
        Judge(_content.TryTake(settings.Rate, now), ref _contentRefusals);

    public InboundVerdict TryControl(ConnectionSettings settings, long now) =>
        Judge(_control.TryTake(settings.ControlRate, now), ref _controlRefusals);

    /// <summary>Counts a message that could not be understood.</summary>
    /// <returns>Whether there were more than twenty in a row.</returns>
    public bool IsTooInvalid() => ++_invalid > MostInvalid;

    /// <summary>A message was understood.</summary>
    public void ForgetInvalid() => _invalid = 0;

    private static InboundVerdict Judge(bool taken, ref byte refusals)
    {
        if (taken)
        {
            refusals = 0;
            return InboundVerdict.Allowed;
        }

        return ++refusals > MostRefusals ? InboundVerdict.Abusive : InboundVerdict.Refused;
    }
}
