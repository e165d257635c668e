using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tidings.Connections;
using Tidings.Sessions;
using Tidings.Taps;

namespace Tidings.AspNetCore.Api;

/// <summary>What a connection says and gets, as Server-Sent Events: <c>following</c>, then <c>frame</c> and <c>skipped</c>, and <c>end</c> as the last.</summary>
internal sealed class FrameEvents(ConnectionFollowers.Following following)
{
    /// <summary>Frames that were told.</summary>
    public long Shown { get; private set; }

    /// <summary>Frames that were left out.</summary>
    public long Skipped { get; private set; }

    /// <summary>The connection, then each of its frames until it ends.</summary>
    /// <param name="until">When it is over in any case.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<SseItem<string>> ReadAsync(DateTimeOffset until, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = following.Connection;
        await following.Follower.Began.WaitAsync(cancellationToken).ConfigureAwait(false);
        yield return Event("following", new FollowingView(
            NameOf(connection), connection.Identity?.User, connection.ProtocolName, connection.Registry.Node, until.ToUnixTimeMilliseconds()), FrameEventJson.Plain.FollowingView);
        await foreach (var (frame, skipped) in following.Follower.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (skipped > 0)
            {
                Skipped += skipped;
                yield return Event("skipped", new SkippedView(skipped), FrameEventJson.Plain.SkippedView);
            }

            if (frame is not null)
            {
                Shown++;
                yield return Event("frame", FrameView.Of(frame), FrameEventJson.Plain.FrameView);
            }
        }

        var code = following.Follower.End?.Code;
        yield return Event("end", new EndView(code is null ? "time" : "closed", code?.Code, code?.Reason), FrameEventJson.Plain.EndView);
    }

    /// <summary>What a connection is called outside.</summary>
    public static string NameOf(Connection connection) => (connection.Tag as ChannelSession)?.Id ?? connection.SharedId;

    private static SseItem<string> Event<T>(string name, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) => new(JsonSerializer.Serialize(value, type), name);
}

internal sealed record FollowingView(string Connection, string? User, string Protocol, string Node, long Until);

internal sealed record FrameView(long Time, string Direction, string Kind, int Length, string? Text, bool? Cut, string? Hex, int? Code)
{
    public static FrameView Of(TappedFrame frame)
    {
        var shown = ShownFrame.Of(frame);
        return new FrameView(frame.Time, frame.IsIn ? "in" : "out", shown.Kind, frame.Length, shown.Text, shown.IsCut ? true : null, shown.Hex, shown.Code);
    }
}

internal sealed record SkippedView(long Skipped);

internal sealed record EndView(string Why, int? Code, string? Reason);

[JsonSerializable(typeof(FollowingView))]
[JsonSerializable(typeof(FrameView))]
[JsonSerializable(typeof(SkippedView))]
[JsonSerializable(typeof(EndView))]
internal sealed partial class FrameEventJson : JsonSerializerContext
{
    /// <summary>Escapes only what JSON asks for: people read what is mostly JSON in JSON.</summary>
    public static readonly FrameEventJson Plain = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
