namespace Tidings.Protocol.Frames;

/// <summary>What a route takes from its peers, checked before anything is stored.</summary>
/// <param name="SoftLimit">Bytes of payload over which a message is read past and answered with an error.</param>
/// <param name="HardLimit">Bytes of payload over which the connection ends while the message is still coming.</param>
/// <param name="Text">Whether the route takes text.</param>
/// <param name="Binary">Whether the route takes binary messages.</param>
internal sealed record MessageRules(int SoftLimit, int HardLimit, bool Text, bool Binary)
{
    /// <summary>The most that one message can ever have: 1 GiB.</summary>
    public const int LargestMessage = 1 << 30;
}
