using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Handlers;

/// <summary>Where a parameter's value comes from.</summary>
internal delegate ValueTask<object?> HandlerArgument(HandlerInvocation invocation);

/// <summary>Finds the source of each parameter, as minimal APIs do: by type, by the pattern's names, from services, and what is left from the JSON.</summary>
[RequiresUnreferencedCode(HandlerJson.Reflection)]
[RequiresDynamicCode(HandlerJson.Reflection)]
internal static class HandlerArguments
{
    /// <summary>The source of a parameter that has nothing to do with the JSON; null where it has.</summary>
    public static HandlerArgument? Find(ParameterInfo parameter, ChannelPattern? pattern, IServiceProviderIsService services, string? subject)
    {
        var type = parameter.ParameterType;
        if (type == typeof(CancellationToken))
        {
            return static invocation => ValueTask.FromResult<object?>(invocation.CancellationToken);
        }

        if (type == typeof(ClaimsPrincipal))
        {
            return static invocation => ValueTask.FromResult<object?>(invocation.User);
        }

        if (type == typeof(ChannelCaller))
        {
            return static invocation => ValueTask.FromResult<object?>(new ChannelCaller(invocation.Peer.Connection, invocation.Peer.User, invocation.Channel));
        }

        if (type == typeof(TaskProgress) || type == typeof(IProgress<TaskUpdate>))
        {
            return static invocation => ValueTask.FromResult<object?>(invocation.Progress);
        }

        if (type == typeof(TaskOutput))
        {
            return static invocation => ValueTask.FromResult<object?>(invocation.Output);
        }

        if (type == typeof(PublishRequest))
        {
            return static invocation => ValueTask.FromResult<object?>(invocation.Request);
        }

        if (type == typeof(ServerEvent))
        {
            return static invocation => ValueTask.FromResult<object?>(invocation.Event);
        }

        if (parameter.IsDefined(typeof(FromBodyAttribute)))
        {
            return null;
        }

        if (type == typeof(string) && subject?.Equals(parameter.Name, StringComparison.OrdinalIgnoreCase) == true)
        {
            return static invocation => ValueTask.FromResult<object?>(invocation.Channel);
        }

        if (pattern?.Values.Find(name => name.Equals(parameter.Name, StringComparison.OrdinalIgnoreCase)) is { } value)
        {
            return FromPattern(pattern, value, type);
        }

        if (parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed)
        {
            return invocation => ValueTask.FromResult<object?>(invocation.Services.GetRequiredKeyedService(type, keyed.Key));
        }

        if (type == typeof(IServiceProvider) || parameter.IsDefined(typeof(FromServicesAttribute)) || services.IsService(type))
        {
            return parameter.HasDefaultValue
                ? invocation => ValueTask.FromResult(invocation.Services.GetService(type))
                : invocation => ValueTask.FromResult<object?>(invocation.Services.GetRequiredService(type));
        }

        return null;
    }

    /// <summary>The whole JSON as one value.</summary>
    public static HandlerArgument FromData(ParameterInfo parameter, JsonTypeInfo type)
    {
        var nullable = IsNullable(parameter);
        var bytesAs = FromBytes(parameter.ParameterType);
        return invocation => invocation.Request?.Bytes is { } bytes
            ? ValueTask.FromResult<object?>((bytesAs ?? throw new BindingException("data64", "This must be JSON, in data: bytes are not taken here."))(bytes))
            : HandlerJson.ReadAsync(Json(invocation), type, nullable, "", invocation);
    }

    private static Func<ReadOnlyMemory<byte>, object>? FromBytes(Type type) =>
        type == typeof(byte[]) ? static bytes => bytes.ToArray()
        : type == typeof(ReadOnlyMemory<byte>) || type == typeof(ReadOnlyMemory<byte>?) ? static bytes => bytes
        : null;

    /// <summary>A member of the JSON, or an element of an array, which may be left out where the parameter has a default.</summary>
    public static HandlerArgument FromMember(ParameterInfo parameter, int position, JsonTypeInfo type)
    {
        var nullable = IsNullable(parameter);
        var name = parameter.Name!;
        return invocation =>
        {
            var reader = new Utf8JsonReader(Json(invocation).Span);
            using var document = JsonDocument.ParseValue(ref reader);
            return Find(document.RootElement, name, position) is { } found
                ? HandlerJson.ReadAsync(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(found).ToArray(), type, nullable, name, invocation)
                : parameter.HasDefaultValue ? ValueTask.FromResult(parameter.DefaultValue)
                : nullable ? ValueTask.FromResult<object?>(null)
                : throw new BindingException(name, "This member is required.");
        };
    }

    private static JsonElement? Find(JsonElement parameters, string name, int position)
    {
        if (parameters.ValueKind == JsonValueKind.Array)
        {
            return position < parameters.GetArrayLength() ? parameters[position] : null;
        }

        if (parameters.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        foreach (var member in parameters.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return member.Value;
            }
        }

        return null;
    }

    private static ReadOnlyMemory<byte> Json(HandlerInvocation invocation) => invocation.Data.IsEmpty ? "null"u8.ToArray() : invocation.Data;

    private static HandlerArgument FromPattern(ChannelPattern pattern, string name, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
        {
            return invocation => ValueTask.FromResult<object?>(pattern.ValueOf(invocation.Channel, name));
        }

        var parse = ParserOf(type)
            ?? throw new ArgumentException($"The value {{{name}}} of \"{pattern.Text}\" cannot become a {type.Name}: it has no TryParse(string, IFormatProvider, out {type.Name}).");
        return invocation => ValueTask.FromResult<object?>(
            parse(pattern.ValueOf(invocation.Channel, name)) ?? throw new BindingException(name, "This is not of the type that is expected in the channel's name."));
    }

    private static Func<string, object?>? ParserOf(Type type)
    {
        if (type.IsEnum)
        {
            return text => !char.IsAsciiDigit(text[0]) && text[0] != '-' && Enum.TryParse(type, text, ignoreCase: true, out var value) ? value : null;
        }

        var method = type.GetMethod("TryParse", BindingFlags.Public | BindingFlags.Static, [typeof(string), typeof(IFormatProvider), type.MakeByRefType()]);
        if (method?.ReturnType != typeof(bool))
        {
            return null;
        }

        var invoker = MethodInvoker.Create(method);
        return text =>
        {
            object?[] arguments = [text, CultureInfo.InvariantCulture, null];
            return invoker.Invoke(null, arguments.AsSpan()) is true ? arguments[2] : null;
        };
    }

    private static bool IsNullable(ParameterInfo parameter) =>
        parameter.ParameterType.IsValueType
            ? Nullable.GetUnderlyingType(parameter.ParameterType) is not null
            : new NullabilityInfoContext().Create(parameter).WriteState != NullabilityState.NotNull;
}
