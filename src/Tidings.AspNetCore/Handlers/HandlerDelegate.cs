using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Handlers;

/// <summary>What the JSON of a command is to its handler.</summary>
internal enum HandlerData : byte
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>One value: the message.</summary>
    Message,

    /// <summary>Several by name or place, or one that is composed.</summary>
    Parameters,
}

/// <summary>Any delegate of the application, with its parameters bound and its result unwrapped.</summary>
[RequiresUnreferencedCode(HandlerJson.Reflection)]
[RequiresDynamicCode(HandlerJson.Reflection)]
internal sealed class HandlerDelegate
{
    private readonly MethodInvoker _invoker;
    private readonly object? _target;
    private readonly HandlerArgument[] _arguments;

    /// <param name="handler">The delegate.</param>
    /// <param name="pattern">The pattern whose values it can take, or null.</param>
    /// <param name="data">What the JSON is to it.</param>
    /// <param name="services">The application's services.</param>
    /// <param name="json">How JSON is read.</param>
    /// <param name="subject">The name of the text parameter that gets what the command is about, where there is such a parameter.</param>
    /// <exception cref="ArgumentException">A parameter has no source.</exception>
    public HandlerDelegate(Delegate handler, ChannelPattern? pattern, HandlerData data, IServiceProvider services, HandlerJson json, string? subject = null)
    {
        _invoker = MethodInvoker.Create(handler.Method);
        _target = handler.Target;
        Result = ResultOf(handler.Method.ReturnType);
        IsResultNullable = ReturnsNull(handler.Method);
        var parameters = handler.Method.GetParameters();
        var isService = services.GetRequiredService<IServiceProviderIsService>();
        _arguments = new HandlerArgument[parameters.Length];
        var left = new List<int>();
        for (var i = 0; i < parameters.Length; i++)
        {
            if (parameters[i].ParameterType.IsByRef)
            {
                throw new ArgumentException($"The parameter {parameters[i].Name} of the handler is passed by reference, and has no value to get.");
            }

            _arguments[i] = HandlerArguments.Find(parameters[i], pattern, isService, subject)!;
            if (_arguments[i] is null)
            {
                left.Add(i);
            }
        }

        WantsPrincipal = Array.Exists(parameters, static parameter => parameter.ParameterType == typeof(ClaimsPrincipal));
        WantsRequest = Array.Exists(parameters, static parameter => parameter.ParameterType == typeof(PublishRequest));
        BindData(parameters, left, data, json);
    }

    /// <summary>What the handler returns, awaited; <see cref="void"/> where it returns nothing.</summary>
    public Type Result { get; }

    /// <summary>Whether it says of its result that it may be null, where that is a reference.</summary>
    public bool IsResultNullable { get; }

    /// <summary>The parameters that come from the JSON.</summary>
    public IReadOnlyList<ParameterInfo> Data { get; private set; } = [];

    /// <summary>Whether <see cref="Data"/> is one parameter that is the whole JSON.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Whether the handler asks for the user's claims.</summary>
    public bool WantsPrincipal { get; }

    /// <summary>Whether the handler looks at what comes with a message: its key, its event, whether a key is to be removed.</summary>
    public bool WantsRequest { get; }

    public async ValueTask<object?> InvokeAsync(HandlerInvocation invocation)
    {
        var values = new object?[_arguments.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = await _arguments[i](invocation);
        }

        return await UnwrapAsync(_invoker.Invoke(_target, values.AsSpan()));
    }

    private void BindData(ParameterInfo[] parameters, List<int> left, HandlerData data, HandlerJson json)
    {
        if (left.Count == 0)
        {
            return;
        }

        var isWhole = data == HandlerData.Message || (left.Count == 1 && !IsSimple(parameters[left[0]].ParameterType));
        if (data == HandlerData.None || (isWhole && left.Count > 1))
        {
            var names = string.Join(", ", left.Select(i => $"{parameters[i].ParameterType.Name} {parameters[i].Name}"));
            throw new ArgumentException(
                $"The handler's parameters {names} have no source: they are neither values of the pattern nor services, and "
                + (data == HandlerData.None ? "a subscription has no message." : "a message can be one parameter alone."));
        }

        Data = [.. left.Select(i => parameters[i])];
        IsWhole = isWhole;
        for (var i = 0; i < left.Count; i++)
        {
            var parameter = parameters[left[i]];
            var type = json.TypeOf(parameter.ParameterType);
            _arguments[left[i]] = isWhole ? HandlerArguments.FromData(parameter, type) : HandlerArguments.FromMember(parameter, i, type);
        }
    }

    private static bool IsSimple(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(decimal) || type == typeof(Guid)
            || type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(DateOnly) || type == typeof(TimeOnly) || type == typeof(TimeSpan) || type == typeof(Uri);
    }

    private static Type ResultOf(Type returned)
    {
        if (returned == typeof(Task) || returned == typeof(ValueTask))
        {
            return typeof(void);
        }

        return returned.IsGenericType && (returned.GetGenericTypeDefinition() == typeof(Task<>) || returned.GetGenericTypeDefinition() == typeof(ValueTask<>))
            ? returned.GetGenericArguments()[0]
            : returned;
    }

    private static bool ReturnsNull(MethodInfo method)
    {
        var returned = new NullabilityInfoContext().Create(method.ReturnParameter);
        var result = ResultOf(method.ReturnType) == method.ReturnType ? returned : returned.GenericTypeArguments.ElementAtOrDefault(0);
        return result is { Type.IsValueType: false, ReadState: NullabilityState.Nullable };
    }

    private async ValueTask<object?> UnwrapAsync(object? returned)
    {
        switch (returned)
        {
            case Task task:
                await task;
                return Result == typeof(void) ? null : task.GetType().GetProperty("Result")!.GetValue(task);
            case ValueTask task:
                await task;
                return null;
            case not null when returned.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ValueTask<>):
                return await UnwrapAsync(type.GetMethod(nameof(ValueTask<object>.AsTask))!.Invoke(returned, null));
            default:
                return returned;
        }
    }
}
