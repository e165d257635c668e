using System.Runtime.InteropServices;
using System.Text.Json;
using Tidings.AspNetCore.Responses;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Api;

/// <summary>Several operations in one request, one after the other. One that fails does not stop the next.</summary>
internal sealed class BatchOperation(IEnumerable<ApiOperation> operations)
{
    private const int MostCommands = 1000;

    private readonly Dictionary<string, ApiOperation> _operations = operations.Where(static operation => operation.InBatch)
        .ToDictionary(static operation => operation.Name, StringComparer.Ordinal);

    public ApiOperation Operation => new ApiOperation<BatchRequest>(
        "batch", "Several commands, each {name: body}; the answers stand in their order, a problem in the place of one that failed.",
        ApiJson.Default.BatchRequest, typeof(BatchAnswer), RunAsync);

    private async ValueTask<ApiOutcome> RunAsync(BatchRequest request, CancellationToken cancellationToken)
    {
        if (request.Commands is not { Count: >= 1 and <= MostCommands } commands)
        {
            return ApiOutcome.Bad($"commands must hold 1 to {MostCommands} objects.");
        }

        var results = new List<byte[]>(commands.Count);
        foreach (var command in commands)
        {
            var outcome = await RunAsync(command, cancellationToken);
            results.Add(outcome.Json ?? Problems.ToJson(outcome.Fault!));
        }

        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("results"u8);
        foreach (var result in results)
        {
            frame.Writer.WriteRawValue(result, skipInputValidation: true);
        }

        frame.Writer.WriteEndArray();
        return ApiOutcome.Of(frame) with { Commands = commands.Count };
    }

    private ValueTask<ApiOutcome> RunAsync(JsonElement command, CancellationToken cancellationToken)
    {
        if (command.ValueKind != JsonValueKind.Object || command.GetPropertyCount() != 1)
        {
            return ValueTask.FromResult(ApiOutcome.Bad("A command is an object with one member, the command's name."));
        }

        var member = command.EnumerateObject().Single();
        return _operations.TryGetValue(member.Name, out var operation)
            ? operation.RunAsync(JsonMarshal.GetRawUtf8Value(member.Value).ToArray(), cancellationToken)
            : ValueTask.FromResult(ApiOutcome.Bad($"There is no such command; there are {string.Join(", ", _operations.Keys)}."));
    }
}
