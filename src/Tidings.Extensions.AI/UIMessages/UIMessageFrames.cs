using System.Buffers;
using System.Text;
using System.Text.Json;
using Tidings.Protocol.Frames;
using Tidings.Protocol.Replies;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.Extensions.AI.UIMessages;

/// <summary>The output of a chat task as a UI message stream of the AI SDK: one message with one text.</summary>
internal sealed class UIMessageFrames(TaskRegistry tasks, string id) : IStreamFrames
{
    private const int MostBytes = 16 * 1024;

    private bool _begun;

    public string Name => TaskOutputs.NameOf(id);

    public async ValueTask<StreamFrame?> NextAsync(long from, CancellationToken cancellationToken)
    {
        var found = await tasks.Outputs.ReadAsync(id, from, MostBytes, cancellationToken).ConfigureAwait(false);
        var isLast = found is null or { Status: not null, Bytes.IsEmpty: true };
        if (found is { Status: null, Bytes.IsEmpty: true } && _begun)
        {
            return null;
        }

        var events = new ArrayBufferWriter<byte>();
        if (!_begun)
        {
            _begun = true;
            Put(events, "start", "messageId", id);
            Put(events, "text-start", "id", "text");
        }

        if (found is { Bytes.IsEmpty: false } part)
        {
            Put(events, "text-delta", "id", "text", "delta", Encoding.UTF8.GetString(part.Bytes.Span));
            return new StreamFrame(Frame.Text(events.WrittenSpan), part.Next, IsLast: false);
        }

        if (isLast)
        {
            Put(events, "text-end", "id", "text");
            await PutEndAsync(events, found?.Status, cancellationToken).ConfigureAwait(false);
            events.Write("data: [DONE]\n\n"u8);
        }

        return new StreamFrame(Frame.Text(events.WrittenSpan), from, isLast);
    }

    private async ValueTask PutEndAsync(ArrayBufferWriter<byte> events, string? status, CancellationToken cancellationToken)
    {
        if (status == WorkStatus.Completed.ToWire())
        {
            Put(events, "finish");
        }
        else if (status == WorkStatus.Cancelled.ToWire())
        {
            Put(events, "abort");
        }
        else
        {
            Put(events, "error", "errorText", (await tasks.FindAsync(id, cancellationToken).ConfigureAwait(false))?.State.Error ?? "The answer is not there any more.");
        }
    }

    private static void Put(ArrayBufferWriter<byte> events, string type, params ReadOnlySpan<string> fields)
    {
        events.Write("data: "u8);
        using (var writer = new Utf8JsonWriter(events, JsonFrame.Options))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, type);
            for (var i = 0; i < fields.Length; i += 2)
            {
                writer.WriteString(fields[i], fields[i + 1]);
            }

            writer.WriteEndObject();
        }

        events.Write("\n\n"u8);
    }
}
