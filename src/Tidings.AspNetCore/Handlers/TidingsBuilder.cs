using System.Diagnostics.CodeAnalysis;
using Tidings.AspNetCore.Handlers;
using Tidings.AspNetCore.Hosting;
using Tidings.Channels;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The channel protocol's route, and what channels and calls there are behind it.</summary>
public sealed class TidingsBuilder : IEndpointConventionBuilder
{
    private readonly IEndpointConventionBuilder _route;
    private readonly TidingsServices _tidings;

    internal TidingsBuilder(IEndpointConventionBuilder route, TidingsServices tidings)
    {
        _route = route;
        _tidings = tidings;
    }

    /// <summary>Names a kind of channels. Kinds are looked up in the order of their naming, those of the configuration first; the first
    /// whose pattern matches holds. As soon as one is named, clients may publish only where a kind says so.</summary>
    /// <param name="pattern">Which channels: <c>{x}</c> is one or more characters without <c>:</c>, and a value that handlers can take; <c>*</c> is any rest.</param>
    /// <exception cref="ArgumentException">The pattern is malformed.</exception>
    public TidingsChannelBuilder MapChannel(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return new TidingsChannelBuilder(_tidings, new ChannelKind(new ChannelPattern(pattern)));
    }

    /// <summary>Names a method that clients may call; they get what the handler returns.</summary>
    /// <remarks>
    /// The handler's parameters are the members of <c>params</c> by name, or its elements by place where it is an array; a single one of
    /// a composed type is the whole. Besides these it may take services (of a scope of this call's own), the caller's
    /// <see cref="System.Security.Claims.ClaimsPrincipal"/>, a <see cref="Tidings.ChannelCaller"/> and a <see cref="CancellationToken"/>.
    /// </remarks>
    /// <param name="method">The method's name.</param>
    /// <param name="handler">Any delegate, asynchronous or not; it may return <see cref="Tidings.CallResult"/> to refuse.</param>
    /// <exception cref="ArgumentException">There is such a method already, or a parameter has no source.</exception>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public TidingsBuilder MapCall(string method, Delegate handler)
    {
        ArgumentException.ThrowIfNullOrEmpty(method);
        ArgumentNullException.ThrowIfNull(handler);
        var bound = new HandlerDelegate(handler, pattern: null, HandlerData.Parameters, _tidings.Provider, _tidings.HandlerJson);
        _tidings.Authentication.KeepsPrincipals |= bound.WantsPrincipal;
        _tidings.Calls.Add(method, new ApplicationCallHandler(_tidings.Handlers, bound, _tidings.HandlerJson));
        return this;
    }

    /// <inheritdoc/>
    public void Add(Action<EndpointBuilder> convention) => _route.Add(convention);

    /// <inheritdoc/>
    public void Finally(Action<EndpointBuilder> finallyConvention) => _route.Finally(finallyConvention);
}
