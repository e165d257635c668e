using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.Tasks;

/// <summary>What a viewer may say.</summary>
internal static class TaskCommand
{
    /// <summary>Whether it is <c>{"type":"cancel"}</c>; null where it is no JSON.</summary>
    public static bool? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            return !reader.Read() && document.RootElement is { ValueKind: JsonValueKind.Object } command
                && command.TryGetProperty("type"u8, out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("cancel"u8);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static bool IsCancel(ReadOnlySpan<byte> json) => Read(json) == true;

    /// <summary>Why a task is not cancelled, in words.</summary>
    public static string Explain(ErrorCode code, TaskOutcome outcome) => outcome switch
    {
        { Verdict: TaskVerdict.NotFound } => "Task not found",
        { State: { } state } when code == ErrorCode.Conflict => $"The task has ended already: {state.Status.ToWire()}",
        _ => "Not allowed",
    };
}
