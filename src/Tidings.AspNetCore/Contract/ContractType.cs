using System.Reflection;
using Tidings.AspNetCore.Handlers;

namespace Tidings.AspNetCore.Contract;

/// <summary>A type as clients see it: what is JSON in its place, and whether that may be null.</summary>
internal sealed record ContractType(Type Type, bool IsNullable = false)
{
    /// <summary>What a handler returns, without what it says of refusing; null where that is not known.</summary>
    public static ContractType? OfResult(HandlerDelegate handler)
    {
        var type = handler.Result;
        var nullable = handler.IsResultNullable;
        if (type == typeof(CallResult) || type == typeof(PublishResult) || type == typeof(object))
        {
            return null;
        }

        return type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(CallResult<>) || type.GetGenericTypeDefinition() == typeof(PublishResult<>))
            ? new ContractType(type.GetGenericArguments()[0])
            : new ContractType(type, nullable);
    }

    public static ContractType Of(ParameterInfo parameter) => new(parameter.ParameterType, IsNullableReference(new NullabilityInfoContext().Create(parameter)));

    // Where nothing was said of null, as without <Nullable>, it is not there.
    public static bool IsNullableReference(NullabilityInfo nullability) => !nullability.Type.IsValueType && nullability.ReadState == NullabilityState.Nullable;
}

/// <summary>What is said in channels of a pattern: to clients, and by them. Null where that is not known.</summary>
internal sealed record ChannelContract(string Pattern, ContractType? Heard, ContractType? Said)
{
    /// <summary>What a handler of messages says of a channel: it takes what clients publish, and what it returns they hear.</summary>
    public static ChannelContract Of(string pattern, HandlerDelegate handler)
    {
        var said = handler.Data is [var message] ? ContractType.Of(message) : null;
        var passes = handler.Result == typeof(void) || handler.Result == typeof(bool) || handler.Result == typeof(PublishResult);
        return new ChannelContract(pattern, passes ? null : ContractType.OfResult(handler), said);
    }
}

/// <summary>A parameter of a method, which may be left out where it is not required.</summary>
internal sealed record ParameterContract(string Name, ContractType Type, bool IsRequired);

/// <summary>A method: its parameters by place and name, or one that is the whole of <c>params</c>.</summary>
internal sealed record CallContract(IReadOnlyList<ParameterContract> Parameters, bool IsWhole, ContractType? Result);
