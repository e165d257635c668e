using Tidings.Protocol.Replies;

namespace Tidings.Events;

/// <summary>What a node knows of a delivery.</summary>
/// <param name="IsHere">Whether this node delivers.</param>
/// <param name="IsEnded">Whether the receiver has unsubscribed.</param>
/// <param name="UnderWay">How many batches are under way.</param>
/// <param name="Away">Why the receiver cannot be reached; null where it can.</param>
/// <param name="Refused">What it did not take.</param>
internal sealed record DeliveryState(bool IsHere, bool IsEnded, int UnderWay, string? Away, IReadOnlyList<RefusedBatch> Refused)
{
    private const int MostShown = 20;

    /// <summary>Whether what waits is not told now.</summary>
    public bool IsStuck => IsEnded || Away is not null || Refused.Count > 0;

    /// <summary>What operators of the server are shown of it.</summary>
    public string ToJson()
    {
        var frame = JsonFrame.Begin();
        frame.Writer.WriteString("state"u8, IsEnded ? "unsubscribed" : Away is not null ? "away" : Refused.Count > 0 ? "refusing" : "telling");
        if (Away is not null)
        {
            frame.Writer.WriteString("why"u8, Away);
        }

        frame.Writer.WriteStartArray("refused"u8);
        foreach (var batch in Refused.Take(MostShown))
        {
            frame.Writer.WriteStartObject();
            frame.Writer.WriteString("id"u8, batch.Id);
            frame.Writer.WriteNumber("events"u8, batch.Events);
            frame.Writer.WriteNumber("failures"u8, batch.Failures);
            frame.Writer.WriteString("why"u8, batch.Why);
            frame.Writer.WriteNumber("again"u8, (long)batch.Again.TotalMilliseconds);
            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndArray();
        return System.Text.Encoding.UTF8.GetString(frame.EndJson());
    }
}

/// <summary>Events that a receiver did not take.</summary>
/// <param name="Id">The first one's id.</param>
/// <param name="Events">How many they are.</param>
/// <param name="Failures">How often they were told.</param>
/// <param name="Why">What was wrong.</param>
/// <param name="Again">When they are told again.</param>
internal sealed record RefusedBatch(string Id, int Events, int Failures, string Why, TimeSpan Again);
