using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.Feeds;

/// <summary>Reads a channel's log for its feed.</summary>
public interface ILogReader
{
    /// <summary>Reads what came after a position; where that is not in the log, all that is kept; where there is none, nothing.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="since">The position, or null.</param>
    /// <exception cref="Brokers.BrokerUnavailableException">The log cannot be read now.</exception>
    Task<LogPart> ReadLogAsync(string channel, StreamPosition? since);
}

/// <summary>A part of a log.</summary>
/// <param name="Top">The position of the newest message there is.</param>
/// <param name="Messages">In order; where what was asked for is no longer kept, the oldest that are.</param>
/// <param name="More">Whether there are further ones.</param>
public sealed record LogPart(StreamPosition Top, IReadOnlyList<Message> Messages, bool More)
{
    /// <summary>The epochs that the log had before this one and went on from, oldest first, each with the last offset that went over into the next. Up to there offsets stay. By default there are none.
    /// After a position of one of them there need be no <see cref="Messages"/>: the reader asks again, in the new epoch.</summary>
    public IReadOnlyList<StreamPosition> Formers { get; init; } = [];
}
