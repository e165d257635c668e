using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tidings.AspNetCore.Endpoints.Json;
using Tidings.Protocol.Commands;

namespace Tidings.AspNetCore.Handlers;

/// <summary>Values of handlers as JSON, by the application's own options.</summary>
internal sealed class HandlerJson
{
    public const string Reflection = "A handler's values become JSON, and its parameters are found, by reflection.";

    private readonly JsonSerializerOptions _options;

    public HandlerJson(JsonSerializerOptions options) => _options = new JsonSerializerOptions(options) { AllowDuplicateProperties = false };

    public JsonSerializerOptions Options => _options;

    public JsonTypeInfo TypeOf(Type type) => _options.GetTypeInfo(type);

    /// <summary>Reads a value and checks its DataAnnotations.</summary>
    /// <exception cref="BindingException">It does not fit.</exception>
    public static async ValueTask<object?> ReadAsync(ReadOnlyMemory<byte> json, JsonTypeInfo type, bool nullable, string field, HandlerInvocation invocation)
    {
        object? value;
        try
        {
            value = JsonSerializer.Deserialize(json.Span, type);
        }
        catch (JsonException error)
        {
            throw new BindingException([.. MessageJson.Explain(json.Span, type, error).Select(fault => new FieldFault(Join(field, fault.Field), fault.Message))]);
        }

        if (value is null)
        {
            return nullable ? null : throw new BindingException(field, "This must not be null.");
        }

        var faults = await MessageValidator.ValidateAsync(value, type, invocation.Services, invocation.CancellationToken);
        return faults is null ? value : throw new BindingException([.. faults.Select(fault => new FieldFault(Join(field, fault.Field), fault.Message))]);
    }

    /// <summary>Writes what a handler returned.</summary>
    [RequiresUnreferencedCode(Reflection)]
    [RequiresDynamicCode(Reflection)]
    public byte[] Write(object? value, Type declared) =>
        CommandReader.WithoutLineBreaks(JsonSerializer.SerializeToUtf8Bytes(value, TypeOf(declared == typeof(object) && value is not null ? value.GetType() : declared)));

    private static string Join(string field, string inner) => field.Length == 0 ? inner : inner.Length == 0 ? field : $"{field}.{inner}";
}
