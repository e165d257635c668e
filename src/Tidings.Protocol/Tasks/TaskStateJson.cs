using System.Text.Json;
using Tidings.Protocol.Commands;
using Tidings.Protocol.Replies;

namespace Tidings.Protocol;

/// <summary>A task's state on the wire (docs/protocol.md, "Tasks").</summary>
internal static class TaskStateJson
{
    /// <summary>The state as one JSON object in one line.</summary>
    /// <param name="state">The state.</param>
    /// <param name="data">What the task was given, where its reader is to know; otherwise empty.</param>
    public static byte[] Write(TaskState state, ReadOnlyMemory<byte> data = default)
    {
        var frame = JsonFrame.Begin();
        var writer = frame.Writer;
        writer.WriteString("task_id"u8, state.Id);
        writer.WriteString("name"u8, state.Name);
        writer.WriteString("status"u8, state.Status.ToWire());
        writer.WriteNumber("progress"u8, state.Progress);
        if (state.Message is { } message)
        {
            writer.WriteString("message"u8, message);
        }

        if (!state.Result.IsEmpty)
        {
            frame.Raw("result"u8, state.Result.Span);
        }

        if (state.Error is { } error)
        {
            writer.WriteString("error"u8, error);
        }

        if (!data.IsEmpty)
        {
            frame.Raw("data"u8, data.Span);
        }

        return frame.EndJson().ToArray();
    }

    /// <returns>The state; null where it is none.</returns>
    public static TaskState? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? ReadMembers(ref reader, json) : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            // The second is a member of another type, or half of a surrogate pair; the last a number out of range.
            return null;
        }
    }

    private static TaskState? ReadMembers(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var state = new TaskState { Id = "", Name = "" };
        WorkStatus? status = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "task_id":
                    state = state with { Id = reader.GetString() ?? "" };
                    break;
                case "name":
                    state = state with { Name = reader.GetString() ?? "" };
                    break;
                case "status":
                    status = WorkStatuses.FromWire(reader.GetString());
                    break;
                case "progress":
                    state = state with { Progress = reader.GetDouble() };
                    break;
                case "message":
                    state = state with { Message = reader.GetString() };
                    break;
                case "error":
                    state = state with { Error = reader.GetString() };
                    break;
                case "result":
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    state = state with { Result = CommandReader.WithoutLineBreaks(json[start..(int)reader.BytesConsumed]) };
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return TaskId.IsValid(state.Id) && status is { } known && state.Progress is >= 0 and <= 100 ? state with { Status = known } : null;
    }
}
