using Tidings.Connections;
using Tidings.Engine;
using Tidings.Protocol.Frames;
using Tidings.Quotas;

namespace Tidings;

/// <summary>What one connection of a <c>MapWebSocket</c> route may ask for. The defaults are neutral: 1 MB messages, no rate limit.</summary>
public sealed class EndpointLimits
{
    private const int MB = 1024 * 1024;

    // Sends that nobody awaits may overtake the bound by so much before the peer counts as a slow consumer.
    private const int Overdraft = 4;

    /// <summary>Bytes of a message over which it is answered with <c>{"error":"Message too large"}</c> and dropped. Default 0: only
    /// <see cref="HardMessageBytes"/> holds.</summary>
    public int MessageBytes { get; set; }

    /// <summary>Bytes of a message over which the connection is closed with 1009 while it still comes. Default 1 MB; from 1 to 1 GB.</summary>
    public int HardMessageBytes { get; set; } = MB;

    /// <summary>Messages a second in the long run; more are answered with <c>{"error":"Rate limit exceeded"}</c> and dropped, and who
    /// goes on past 100 refusals in a row is closed with 1008. Default 0: no limit.</summary>
    public int MessagesPerSecond { get; set; }

    /// <summary>Messages at once, where there is a rate limit. Default 0: as many as in a second.</summary>
    public int MessageBurst { get; set; }

    /// <summary>Bytes that may wait for the peer to read them before sending waits for room. Default 1 MB. Sends that are not awaited
    /// end the connection with 1013 at four times as much.</summary>
    public int QueueBytes { get; set; } = MB;

    /// <summary>How long sending waits for a peer that reads nothing at all; then the connection is closed with 1013. Default 10 s.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many messages in a row may be invalid (not JSON, not fitting, of the wrong kind) before the connection is closed with
    /// 1003. Default 0: an invalid message is answered and never ends the connection.</summary>
    public int InvalidMessages { get; set; }

    /// <summary>Takes sizes and rates from a preset of the server's own routes.</summary>
    /// <param name="preset">The set of limits.</param>
    public void Use(LimitPreset preset)
    {
        var limits = Limits.Preset(preset);
        MessageBytes = limits.MessageBytes;
        HardMessageBytes = limits.HardMessageBytes;
        MessagesPerSecond = limits.Rate.PerSecond;
        MessageBurst = limits.Rate.Burst;
        QueueBytes = limits.QueueBytes;
    }

    internal ConnectionSettings ToSettings(TimeSpan heartbeat, bool textHeartbeat)
    {
        Check(HardMessageBytes is > 0 and <= MessageRules.LargestMessage, nameof(HardMessageBytes), "from 1 byte to 1 GB");
        Check(MessageBytes >= 0 && MessageBytes <= HardMessageBytes, nameof(MessageBytes), "from 0 to HardMessageBytes");
        Check(MessagesPerSecond >= 0, nameof(MessagesPerSecond), "0 (no limit) or more");
        Check(MessageBurst >= 0, nameof(MessageBurst), "0 (as many as in a second) or more");
        Check(QueueBytes > 0, nameof(QueueBytes), "at least 1 byte");
        Check(SendTimeout > TimeSpan.Zero, nameof(SendTimeout), "longer than nothing");
        Check(InvalidMessages >= 0, nameof(InvalidMessages), "0 (never) or more");
        return new ConnectionSettings
        {
            Messages = new MessageRules(MessageBytes == 0 ? HardMessageBytes : MessageBytes, HardMessageBytes, Text: true, Binary: true),
            Rate = new RateLimit(MessagesPerSecond, MessageBurst == 0 ? Math.Max(1, MessagesPerSecond) : MessageBurst),
            ControlRate = new Limits().ControlRate,
            Heartbeat = heartbeat,
            TextHeartbeat = textHeartbeat,
            QueueBytes = (int)Math.Min((long)QueueBytes * Overdraft, int.MaxValue),
        };
    }

    private static void Check(bool fits, string name, string right)
    {
        if (!fits)
        {
            throw new InvalidOperationException($"WithLimits: {name} must be {right}.");
        }
    }
}
